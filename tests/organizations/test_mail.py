"""Mails by a real server, and what is said when it takes none."""

import socket
from email import message_from_string
from typing import Any

import pytest

from coderadmin.env import problems
from coderadmin.mail_server import MailServer
from organizations.mail import MailError, send_link
from organizations.models import User
from providers.choices import AccessURLState
from providers.models import AccessURL
from tests.organizations.smtp import Server

pytestmark = pytest.mark.django_db


def send(user: User) -> None:
    send_link(user, template="password", subject="A new password")


def failure(user: User) -> tuple[str, bool]:
    with pytest.raises(MailError) as error:
        send(user)
    assert error.value.__cause__ is None
    return error.value.reason, error.value.is_final


def test_it_is_plain_text_from_us(smtp: Server, member: User, settings: Any) -> None:
    settings.DEFAULT_FROM_EMAIL = "coderadmin@coder.example.com"
    send(member)
    (mail,) = smtp.mails
    assert "From: coderadmin@coder.example.com" in mail and "To: member@example.com" in mail
    assert 'Content-Type: text/plain; charset="utf-8"' in mail
    assert smtp.link().startswith("/sign-in/password/")


def test_it_comes_from_the_access_url_of_the_moment_unless_a_sender_is_set(
    smtp: Server, member: User, settings: Any
) -> None:
    settings.ACCESS_URL = "https://old.example.com"
    AccessURL.objects.create(url="https://new.example.com:8443", state=AccessURLState.CURRENT)
    send(member)
    settings.DEFAULT_FROM_EMAIL = "Platform <platform@example.org>"
    send(member)
    senders = [message_from_string(mail)["From"] for mail in smtp.mails]
    assert senders == ["coderadmin@new.example.com", "Platform <platform@example.org>"]


@pytest.mark.parametrize(
    ("answers", "words", "is_final"),
    [
        ({"recipient": "550 no such user"}, "The mail server does not take this address (550).", True),
        ({"recipient": "450 try later"}, "The mail server does not take this address (450).", False),
        ({"mail": "554 spam: secret words"}, "The mail server refuses the mail (554).", False),
    ],
)
def test_what_it_refuses_is_told_without_its_own_words(
    smtp: Server, member: User, answers: dict[str, str], words: str, is_final: bool
) -> None:
    vars(smtp).update(answers)
    assert failure(member) == (words, is_final)


def test_a_wrong_password_is_told(smtp: Server, member: User, settings: Any) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "coder", "wrong-secret"
    assert failure(member) == ("The mail server does not take our user name and password (535).", False)


def test_a_server_without_tls_gets_no_password(smtp: Server, member: User, settings: Any) -> None:
    settings.EMAIL_USE_TLS = True
    assert failure(member) == ("The mail server has no TLS, or no sign-in by password.", False)


def test_a_server_that_is_away_or_silent_is_told(smtp: Server, member: User, settings: Any) -> None:
    settings.EMAIL_TIMEOUT = 0.2
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = port.getsockname()[1]
        assert failure(member) == ("The mail server can't be reached.", False)
        port.listen()
        assert failure(member) == ("The mail server does not answer in time, or breaks off.", False)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example.com", ("smtp", "mail.example.com", 25, "", "")),
        ("smtp+tls://u%40x:p%2Fw@mail.example.com", ("smtp+tls", "mail.example.com", 587, "u@x", "p/w")),
        ("smtp+ssl://u:p@[::1]:1465", ("smtp+ssl", "::1", 1465, "u", "p")),
    ],
)
def test_the_variable_names_the_server(url: str, expected: tuple[Any, ...]) -> None:
    server = MailServer.read(url)
    assert (server.scheme, server.host, server.port, server.user, server.password) == expected
    assert not server.password or f"'{server.password}'" not in repr(server)


@pytest.mark.parametrize("url", ["mail.example.com", "http://m:canary@x", "smtp://u:canary@", "smtp://u:canary@x:port"])
def test_a_variable_that_names_none_is_told_without_its_password(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODERADMIN_EMAIL_URL", url)
    (problem,) = [each for each in problems() if "EMAIL" in each]
    assert problem.startswith("CODERADMIN_EMAIL_URL is not of the form") and "canary" not in problem
