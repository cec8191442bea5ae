"""The verbs on the ways in: each checks, changes and audits, in one transaction."""

from authentication.services.admitting import admit, load_rules, rehearse
from authentication.services.configuring import (
    has_signed_in_by_it,
    save_openid_connect,
    set_built_in,
    set_openid_connect,
)
from authentication.services.demanding import set_demand
from authentication.services.factors import (
    add_app,
    add_passkey,
    make_recovery_codes,
    remove_factor,
    rename_factor,
    reset_factors,
    use_code,
)
from authentication.services.failing import record_failure
from authentication.services.linking import is_linked, link, link_of, unlink
from authentication.services.resealing import reseal_factors, sealed_factors
from authentication.services.sessions import delete_ended_sessions, end_session, end_sessions

__all__ = [
    "add_app",
    "add_passkey",
    "admit",
    "delete_ended_sessions",
    "end_session",
    "end_sessions",
    "has_signed_in_by_it",
    "is_linked",
    "link",
    "link_of",
    "load_rules",
    "make_recovery_codes",
    "record_failure",
    "rehearse",
    "remove_factor",
    "rename_factor",
    "reseal_factors",
    "reset_factors",
    "save_openid_connect",
    "sealed_factors",
    "set_built_in",
    "set_demand",
    "set_openid_connect",
    "unlink",
    "use_code",
]
