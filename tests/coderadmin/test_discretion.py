"""The log of a request that failed names its path, but not the token in a link to choose a password."""

import logging

import pytest
from django.conf import settings

from coderadmin.discretion import LinkFilter


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/sign-in/password/NDI/d5h-0123456789abcdef/", "/sign-in/password/NDI/******/"),
        ("/sign-in/password/NDI/d5h-0123456789abcdef", "/sign-in/password/NDI/******"),
        ("/sign-in/password/NDI/set-password/", "/sign-in/password/NDI/set-password/"),
        ("/manage/users/", "/manage/users/"),
    ],
)
def test_it_masks_the_token_and_nothing_else(path: str, logged: str) -> None:
    record = logging.LogRecord("django.request", logging.ERROR, "", 0, "%s: %s", ("Internal Server Error", path), None)
    assert LinkFilter().filter(record)
    assert record.getMessage() == f"Internal Server Error: {logged}"


def test_what_is_logged_goes_through_it() -> None:
    assert settings.LOGGING["root"]["handlers"] == ["console"]
    assert "links" in settings.LOGGING["handlers"]["console"]["filters"]
