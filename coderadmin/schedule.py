"""What beat starts, and how often, in seconds.

Each sweep claims its rows in the database, so that any number of schedulers does no harm. Those that are due together
travel in one message: scheduler, broker and worker spend more on a message than on a sweep that finds nothing.
"""

from typing import Any

SWEEPS = [
    "infrastructure.advance_rollouts",
    "providers.resume_operations",
    "environments.resume_operations",
    "environments.observe_due_environments",
    "audit.seal_events",
]
SCHEDULE: dict[str, dict[str, Any]] = {
    "check-due-providers": {"task": "providers.check_due_providers", "schedule": 1.0, "options": {"expires": 10}},
    "sweep": {"task": "coderadmin.sweep", "schedule": 5.0, "args": [SWEEPS], "options": {"expires": 10}},
    "check-changes": {"task": "infrastructure.check_changes", "schedule": 15.0, "options": {"expires": 20}},
    "bring-turns-forward": {
        "task": "providers.bring_turns_forward",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "stop-idle-environments": {
        "task": "environments.stop_idle_environments",
        "schedule": 60.0,
        "options": {"expires": 120},
    },
    "remove-old-audit-events": {
        "task": "audit.remove_old_events",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "delete-ended-sessions": {
        "task": "environments.delete_ended_sessions",
        "schedule": 600.0,
        "options": {"expires": 1200},
    },
    "delete-old-provider-rows": {
        "task": "providers.delete_old_rows",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "roll-up-history": {
        "task": "providers.roll_up_history",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "delete-old-build-logs": {
        "task": "environments.delete_old_lines",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "send-due-invitations": {
        "task": "organizations.send_due_invitations",
        "schedule": 30.0,
        "options": {"expires": 60},
    },
    "delete-ended-sign-ins": {
        "task": "authentication.delete_ended_sessions",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
}
