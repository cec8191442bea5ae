"""The verbs on environments: each checks the permission, changes state and audits, in one transaction.

What asks clusters is for workers, and not loaded with these: `idling`, `observing`, `working`.
"""

from environments.services.creating import Plan, create_environment
from environments.services.operations import (
    cancel_environment_operation,
    delete_environment,
    postpone_auto_off,
    rebuild_environment,
    retry_environment_operation,
    start_environment,
    stop_environment,
    stranded_environment_operations,
)
from environments.services.sessions import (
    Use,
    check_uses,
    delete_ended_sessions,
    open_environment,
    redeem_ticket,
    require_openable,
)

__all__ = [
    "Plan",
    "Use",
    "cancel_environment_operation",
    "check_uses",
    "create_environment",
    "delete_ended_sessions",
    "delete_environment",
    "open_environment",
    "postpone_auto_off",
    "rebuild_environment",
    "redeem_ticket",
    "require_openable",
    "retry_environment_operation",
    "start_environment",
    "stop_environment",
    "stranded_environment_operations",
]
