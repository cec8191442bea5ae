"""Signed-in browsers."""

from django.contrib.sessions.backends.db import SessionStore


def delete_ended_sign_ins() -> None:
    """Django's sessions whose time is over, which nobody else removes. One query."""
    SessionStore.clear_expired()
