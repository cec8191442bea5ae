"""The settings refuse to start with a missing or unsafe environment, and name everything that is wrong."""

import os
import subprocess
import sys

import pytest

SAFE = {
    "SECRET_KEY": "k7-q9w" * 10,
    "DATABASE_URL": "postgres://coder:pw@db.example:5432/coder",
    "REDIS_URL": "redis://valkey.example:6379/0",
    "CODERADMIN_ACCESS_URL": "https://coder.example.com",
}


SHOW = "s = c.settings; print(s.SECURE_HSTS_SECONDS, s.SESSION_COOKIE_SECURE, s.DEBUG)"


def start(command: str = SHOW, **environment: str | None) -> subprocess.CompletedProcess[str]:
    """Load the settings as `c.settings` in a process of its own and run `command`; None takes a variable away."""
    given = {name: value for name, value in (SAFE | environment).items() if value is not None}
    return subprocess.run(
        [sys.executable, "-c", f"import django.conf as c; {command}"],
        env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "coderadmin.settings", **given},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_starts_with_the_required_variables_and_is_strict_by_default() -> None:
    assert start().stdout.split() == ["31536000", "True", "False"]


def test_it_names_everything_that_is_missing_at_once() -> None:
    result = start(**dict.fromkeys(SAFE))
    assert result.returncode != 0
    for name in SAFE:
        assert f"{name} is not set" in result.stderr


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SECRET_KEY", "too-short", "SECRET_KEY is unsafe"),
        ("CODERADMIN_ACCESS_URL", "http://coder.example.com", "use https"),
        ("CODERADMIN_ACCESS_URL", "coder.example.com", "not an address"),
        ("CODERADMIN_ACCESS_URL", "https://coder.example.com/path", "not an address"),
        ("REDIS_URL", "sentinel://:pw@host1:26379,host2:26379", "REDIS_URL is not of the form sentinel://"),
        ("CODERADMIN_HISTORY_DAYS", "30", "Must be 31 to 36500"),
        ("CODERADMIN_DENIED_NETWORKS", "10.0.0.0/8,10.1.2.3/8", "CODERADMIN_DENIED_NETWORKS is no list of networks"),
    ],
)
def test_it_refuses_what_is_unsafe(name: str, value: str, words: str) -> None:
    result = start(**{name: value})
    assert result.returncode != 0
    assert words in result.stderr


def test_it_does_not_print_the_secret_key_that_it_refuses() -> None:
    assert "too-short" not in start(SECRET_KEY="too-short").stderr


def test_plain_http_must_be_allowed_by_name() -> None:
    """What the access URL decides later, HSTS and the redirect, is in tests/infrastructure/test_https.py."""
    show = "print(c.settings.SESSION_COOKIE_SECURE, c.settings.CSRF_COOKIE_SECURE)"
    result = start(show, CODERADMIN_ACCESS_URL="http://coder.example.com", CODERADMIN_ALLOW_HTTP="true")
    assert result.stdout.split() == ["False", "False"]


def test_subdomains_can_not_set_the_cookies_of_a_deployment_with_https() -> None:
    """Environments are there, and their pages could sign a person in as somebody else."""
    show = "s = c.settings; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_PATH, s.CSRF_COOKIE_PATH)"
    assert start(show).stdout.split() == ["__Host-sessionid", "__Host-csrftoken", "/", "/"]
    plain = start(show, CODERADMIN_ACCESS_URL="http://coder.example.com", CODERADMIN_ALLOW_HTTP="true")
    assert plain.stdout.split() == ["sessionid", "csrftoken", "/", "/"]


def test_a_proxy_in_front_is_believed_only_when_it_is_announced() -> None:
    assert "ClientAddressMiddleware" not in middleware()
    assert "ClientAddressMiddleware" in middleware(CODERADMIN_BEHIND_PROXY="true")


def middleware(**environment: str) -> str:
    return start("print(c.settings.MIDDLEWARE)", **environment).stdout


def test_what_the_database_s_address_asks_for_is_kept() -> None:
    url = SAFE["DATABASE_URL"] + "?sslmode=verify-full"
    shown = start("o = c.settings.DATABASES['default']['OPTIONS']; print(o['sslmode'], 'pool' in o)", DATABASE_URL=url)
    assert shown.stdout.split() == ["verify-full", "True"]


def test_only_web_processes_give_up_a_statement() -> None:
    show = "print(c.settings.DATABASES['default']['OPTIONS'].get('options'))"
    assert "statement_timeout=30s" in start(show, CODERADMIN_IS_WEB="true").stdout
    assert "statement_timeout=7s" in start(show, CODERADMIN_IS_WEB="true", CODERADMIN_STATEMENT_SECONDS="7").stdout
    assert start(show, CODERADMIN_IS_WEB="true", CODERADMIN_STATEMENT_SECONDS="0").stdout.strip() == "None"
    assert start(show).stdout.strip() == "None"
