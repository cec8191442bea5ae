"""What the client makes of answers that no CoderAdmin gives, and of connections that break."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.client.conftest import Shell

Answer = tuple[int, dict[str, str], str] | None
ME = {"email": "a@example.com", "name": "", "site_role": "site-member", "organizations": [], "token": None}
ID = "7b0c8a52-5d0e-4c0e-9a55-0d8b6c4f8d11"
TOKEN = {"token": "made-once", "name": "ci", "expires_at": "2030-01-01T00:00:00+00:00"}
OK: Answer = (200, {}, json.dumps(ME))


class Server(ThreadingHTTPServer):
    """Gives `answers` one after the other; None breaks the connection off."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[Answer] = []
        self.seen: list[tuple[str, str | None]] = []


class Handler(BaseHTTPRequestHandler):
    def _answer(self) -> None:
        assert isinstance(self.server, Server)
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append((self.command, self.headers.get("Idempotency-Key")))
        answer = self.server.answers.pop(0)
        if answer is None:
            self.close_connection = True
            return
        status, headers, body = answer
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(body.encode()))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    do_GET = do_POST = _answer

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: the tests say what they saw."""


Serve = Callable[..., tuple[Shell, Server]]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    server = Server()
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def begin(*answers: Answer) -> tuple[Shell, Server]:
        server.answers = list(answers)
        return Shell(url=f"http://127.0.0.1:{server.server_port}", token="t", home=tmp_path), server

    yield begin
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        ((302, {"Location": "https://sso.example.com/"}, ""), 5, "coderadmin login https://sso.example.com/"),
        ((200, {}, "<html>"), 5, "does not answer as CoderAdmin"),
        ((200, {}, "[]"), 5, "does not answer as CoderAdmin"),
        ((503, {}, "<html>"), 5, "it answers 503"),
        ((500, {}, json.dumps({"detail": "It is logged."})), 1, "It is logged."),
        ((409, {}, json.dumps({"detail": "No.", "remedy": "Wait.", "names": ["dev"]})), 3, "No. (dev) Wait."),
        ((403, {}, json.dumps({"detail": "Not you\x1b[2J."})), 4, "Not you�[2J."),
        ((429, {"Retry-After": "900"}, json.dumps({"detail": "Locked."})), 1, "Locked."),
    ],
)  # fmt: skip
def test_each_answer_has_its_exit_code_and_one_line(serve: Serve, answer: Answer, code: int, words: str) -> None:
    shell, _ = serve(answer)
    failed = shell.run("whoami", code=code).stderr
    assert words in failed
    assert len(failed.splitlines()) == 1


def test_too_many_requests_are_waited_out(serve: Serve) -> None:
    shell, server = serve((429, {"Retry-After": "1"}, "{}"), OK)
    assert "a@example.com" in shell.run("whoami").stdout
    assert len(server.seen) == 2


def test_a_connection_that_breaks_off_is_tried_once_more(serve: Serve) -> None:
    shell, _ = serve(None, OK)
    assert "a@example.com" in shell.run("whoami").stdout
    shell, _ = serve(None, None)
    assert "broke off" in shell.run("whoami", code=5).stderr


def test_a_post_is_sent_again_under_the_same_key(serve: Serve) -> None:
    shell, server = serve(None, (201, {}, json.dumps(TOKEN)))
    assert shell.run("tokens", "create", "ci").stdout == "made-once\n"
    [first, second] = server.seen
    assert first == second and first[0] == "POST" and first[1]


def test_a_server_that_restarts_ends_no_watching(serve: Serve) -> None:
    operation: Answer = (
        200,
        {},
        json.dumps({"id": ID, "kind": "deploy", "provider_name": "oslo", "state": "succeeded"}),
    )
    log: Answer = (200, {}, json.dumps({"items": [], "last": 0, "is_active": False}))
    away: Answer = (503, {}, "")
    shell, server = serve(operation, away, None, None, log, away, operation)
    assert shell.run("operations", "watch", ID).stdout == "Deploy of oslo succeeded.\n"
    assert not server.answers


def test_verbose_names_requests_and_no_body(serve: Serve) -> None:
    shell, _ = serve((201, {}, json.dumps(TOKEN)))
    said = shell.run("tokens", "create", "ci", "-v").stderr
    assert "POST /api/v1/tokens 201" in said
    assert "made-once" not in said


def test_not_even_a_secret_has_what_a_terminal_obeys(serve: Serve) -> None:
    shell, _ = serve((201, {}, json.dumps(TOKEN | {"token": "made\x1b]52;c;eA==\x07once"})))
    assert shell.run("tokens", "create", "ci").stdout == "made�]52;c;eA==�once\n"
