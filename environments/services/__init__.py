"""The verbs on environments: each checks the permission, changes state and audits, in one transaction."""

from environments.services.creating import Plan, create_environment
from environments.services.idling import stop_idle_environments
from environments.services.observing import claim_due_observations, observe_provider
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
from environments.services.working import run_environment_operation

__all__ = [
    "Plan",
    "Use",
    "cancel_environment_operation",
    "check_uses",
    "claim_due_observations",
    "create_environment",
    "delete_ended_sessions",
    "delete_environment",
    "observe_provider",
    "open_environment",
    "postpone_auto_off",
    "rebuild_environment",
    "redeem_ticket",
    "require_openable",
    "retry_environment_operation",
    "run_environment_operation",
    "start_environment",
    "stop_environment",
    "stop_idle_environments",
    "stranded_environment_operations",
]
