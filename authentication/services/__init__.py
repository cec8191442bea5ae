"""The verbs on the ways in: each checks, changes and audits, in one transaction."""

from authentication.services.sessions import delete_ended_sessions, end_session, end_sessions

__all__ = ["delete_ended_sessions", "end_session", "end_sessions"]
