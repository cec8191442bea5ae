"""A mail server of our own, which takes mails or refuses them as it is told."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope

LINK = re.compile(r"https?://\S+/sign-in/password/\S+/")


class Server:
    """`recipient` and `mail` are its answers to RCPT and DATA; `mails` what it took."""

    def __init__(self) -> None:
        self.recipient, self.mail = "250 OK", "250 taken"
        self.mails: list[str] = []

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Envelope, address: str, options: Any) -> str:
        if self.recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:
        self.mails.append(bytes(envelope.content or b"").decode())
        return self.mail

    def link(self) -> str:
        """That of the newest mail, without the host."""
        found = LINK.findall(self.mails[-1])
        assert len(found) == 1
        return "/" + found[0].split("/", 3)[3]


class AnyPort(Controller):
    """Whichever is free; the library itself would look for the server at port 0."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def running_server(*, knows_us: bool) -> Iterator[tuple[Server, int]]:
    """And its port. It asks for no TLS; `knows_us`: it takes any user name and password."""
    server = Server()
    answer = AuthResult(success=knows_us, handled=False)
    controller = AnyPort(server, "127.0.0.1", 0, auth_require_tls=False, authenticator=lambda *_: answer)
    controller.start()
    try:
        yield server, controller.port
    finally:
        controller.stop()


@pytest.fixture
def smtp(settings: Any) -> Iterator[Server]:
    """Django sends to it. It knows no user name and password."""
    with running_server(knows_us=False) as (server, port):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        settings.SENDS_MAIL = True
        yield server
