"""The verbs on the deployment's own settings: each checks the permission, changes and audits in one transaction.

What asks the network is for workers, and not loaded with these: `checking`.
"""

from infrastructure.services.advancing import active_rollouts, advance_rollout
from infrastructure.services.changing import finish, roll_back, switch
from infrastructure.services.planning import check_again, drop_change, plan_change, unchecked_changes
from infrastructure.services.rollouts import (
    call_off_rollout,
    pause_rollout,
    require_possible,
    resume_rollout,
    retry_failed,
    skip_step,
    start_upgrade,
)

__all__ = [
    "active_rollouts",
    "advance_rollout",
    "call_off_rollout",
    "check_again",
    "drop_change",
    "finish",
    "pause_rollout",
    "plan_change",
    "require_possible",
    "resume_rollout",
    "retry_failed",
    "roll_back",
    "skip_step",
    "start_upgrade",
    "switch",
    "unchecked_changes",
]
