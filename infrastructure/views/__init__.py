"""The pages of Manage > Admin > Infrastructure."""

from infrastructure.views.changes import (
    change_check,
    change_create,
    change_detail,
    change_drop,
    change_finish,
    change_roll_back,
    change_switch,
)
from infrastructure.views.overview import overview
from infrastructure.views.rollouts import (
    rollout_call_off,
    rollout_detail,
    rollout_pause,
    rollout_resume,
    rollout_retry,
    step_retry,
    step_skip,
)
from infrastructure.views.upgrades import upgrade_board, upgrade_start

__all__ = [
    "change_check",
    "change_create",
    "change_detail",
    "change_drop",
    "change_finish",
    "change_roll_back",
    "change_switch",
    "overview",
    "rollout_call_off",
    "rollout_detail",
    "rollout_pause",
    "rollout_resume",
    "rollout_retry",
    "step_retry",
    "step_skip",
    "upgrade_board",
    "upgrade_start",
]
