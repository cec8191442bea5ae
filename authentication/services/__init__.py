"""The verbs on the ways in: each checks, changes and audits, in one transaction."""

from authentication.services.admitting import admit, load_rules, rehearse
from authentication.services.configuring import (
    has_signed_in_by_it,
    save_openid_connect,
    set_built_in,
    set_openid_connect,
)
from authentication.services.failing import record_failure
from authentication.services.linking import link, link_of, unlink
from authentication.services.sessions import delete_ended_sessions, end_session, end_sessions

__all__ = [
    "admit",
    "delete_ended_sessions",
    "end_session",
    "end_sessions",
    "has_signed_in_by_it",
    "link",
    "link_of",
    "load_rules",
    "record_failure",
    "rehearse",
    "save_openid_connect",
    "set_built_in",
    "set_openid_connect",
    "unlink",
]
