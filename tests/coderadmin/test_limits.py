"""Requests that are too large, too slow, or wait too long: words, and nobody else is held up."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path, re_path

from organizations.models import User
from tests.people import signed_in

TOO_MUCH = b"x" * (2_621_440 + 1)
HASTY = ["--worker-class", "tests.coderadmin.slow_site.HastyWorker", "tests.coderadmin.slow_site:application"]


def waiting(request: HttpRequest, kind: str) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 20")
        cursor.execute("SELECT pg_sleep(5)")
    raise AssertionError("the statement was not ended")


handler400 = "coderadmin.failures.bad_request"
handler500 = "coderadmin.failures.server_error"
urlpatterns = [re_path("^(?P<kind>|api/v1/|api/v0/)wait/$", waiting), path("", include("coderadmin.urls"))]


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/sign-in/", "Go back and send less"),
        ("/api/v1/providers", '"code": "too_large"'),
        ("/api/v0/users", '"error": {"msg": "The request is larger'),
        ("/api/envproxy/v1/beat", '"error": {"msg": "The request is larger'),
    ],
)
def test_a_large_request_is_refused_unread(db: None, address: str, words: str) -> None:
    answer = Client().post(address, TOO_MUCH, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 413
    assert words in answer.text


def test_a_form_of_too_many_fields_is_refused(db: None) -> None:
    answer = Client().post("/sign-in/", {f"field{number}": "x" for number in range(1001)})
    assert answer.status_code == 413
    assert "1000 fields" in answer.text


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    ("address", "words"),
    [("/wait/", "It is busy, or away"), ("/api/v1/wait/", '"code": "database"'), ("/api/v0/wait/", '"error": {"msg":')],
)
def test_who_waits_too_long_for_the_database_is_told(member: User, address: str, words: str) -> None:
    browser = signed_in(member)
    browser.raise_request_exception = False
    answer = browser.get(address)
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert words in answer.text


@pytest.fixture
def hasty_server() -> Iterator[int]:
    """The port of a server with one thread, which gives a request one second."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        descriptor, port = found.fileno(), int(found.getsockname()[1])
        command = [sys.executable, "-m", "gunicorn", "--bind", f"fd://{descriptor}", "--threads", "1", *HASTY]
        process = subprocess.Popen([*command, "--no-control-socket"], pass_fds=[descriptor])
    yield port
    process.terminate()
    process.wait()


def ask(port: int, *parts: bytes) -> Any:
    client = socket.create_connection(("127.0.0.1", port), timeout=20)
    for part in parts:
        client.sendall(part)
    return client


@pytest.mark.parametrize(
    "begun", [b"POST / HTTP/1.1\r\nContent-Le", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nonly this"]
)
def test_a_slow_client_keeps_nobody_waiting(hasty_server: int, begun: bytes) -> None:
    with ask(hasty_server, begun) as slow, ask(hasty_server, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") as other:
        assert b"200 OK" in other.recv(1000)
        slow.settimeout(20)
        assert b" 50 bytes" not in slow.recv(1000)


def test_a_huge_header_is_refused(hasty_server: int) -> None:
    with ask(hasty_server, b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"x" * 20_000 + b"\r\n\r\n") as client:
        assert client.recv(1000).startswith(b"HTTP/1.1 4")
