"""The verbs on workspace providers: each checks the permission, changes state and audits, in one transaction.

What asks clusters is for workers, and not loaded with these: `checking`, `running`.
"""

from providers.services.allowlist import AllowlistChange, change_allowlist, preview_allowlist
from providers.services.changes import (
    cordon_provider,
    request_check,
    set_default_provider,
    uncordon_provider,
)
from providers.services.enrolment import Beat, receive_beat
from providers.services.history import roll_up_history
from providers.services.operations import (
    cancel_operation,
    request_delete,
    request_deploy,
    request_preflight,
    retry_operation,
    stranded_operations,
)
from providers.services.registration import Registration, register_provider, update_provider
from providers.services.sweeping import delete_old_rows
from providers.services.tokens import provider_of_token, revoke_envproxy_tokens, rotate_envproxy_token

__all__ = [
    "AllowlistChange",
    "Beat",
    "Registration",
    "cancel_operation",
    "change_allowlist",
    "cordon_provider",
    "delete_old_rows",
    "preview_allowlist",
    "provider_of_token",
    "receive_beat",
    "register_provider",
    "request_check",
    "request_delete",
    "request_deploy",
    "request_preflight",
    "retry_operation",
    "revoke_envproxy_tokens",
    "roll_up_history",
    "rotate_envproxy_token",
    "set_default_provider",
    "stranded_operations",
    "uncordon_provider",
    "update_provider",
]
