"""The pages of signing in beyond a password."""

from authentication.views.sessions import (
    session_end,
    session_end_others,
    session_list,
    user_session_end,
    user_sessions,
    user_sessions_end,
)

__all__ = [
    "session_end",
    "session_end_others",
    "session_list",
    "user_session_end",
    "user_sessions",
    "user_sessions_end",
]
