"""The site as a visitor has it: gunicorn as in production, and a browser's session signed in by the real form."""

import http.client
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from benchmarks.kernel import children_of
from benchmarks.seed import EMAIL, PASSWORD
from benchmarks.stack import BenchmarkError, Environment, Stack, free_port, wait_for
from coderadmin.embedded.processes import Child
from coderadmin.programs import web_command

TIMEOUT = 30.0  # seconds
KEPT_ALIVE = 1.0  # seconds; gunicorn ends an idle connection after 2
GOOD = frozenset({HTTPStatus.OK, HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED, 286})  # 286: htmx, stop polling
FRAGMENT = {"HX-Request": "true"}
NO_HEADERS: dict[str, str] = {}


@dataclass(frozen=True)
class Page:
    """An answer: how long it took, and its body."""

    milliseconds: float
    body: bytes
    status: int = HTTPStatus.OK


class Visitor:
    """One keep-alive connection with the cookies of one signed-in person."""

    def __init__(self, port: int, cookies: SimpleCookie | None = None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        self._cookies = cookies or SimpleCookie()
        self._used_at = 0.0

    def at(self, port: int) -> "Visitor":
        """The same person at another server of the same database."""
        return Visitor(port, SimpleCookie(self._cookies))

    def answers(self) -> bool:
        try:
            return self._ask("GET", "/healthz")[0] < HTTPStatus.INTERNAL_SERVER_ERROR
        except OSError:
            self._connection.close()
            return False

    def sign_in(self, email: str = EMAIL) -> None:
        """Through the form, as a person does; raises BenchmarkError when refused."""
        self.post("/sign-in/", {"username": email, "password": PASSWORD, **self.form_at("/sign-in/")})

    def form_at(self, path: str) -> dict[str, str]:
        """What a page's form sends of itself, against forgery."""
        token = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', self.get(path).body)
        return {"csrfmiddlewaretoken": token[1].decode()} if token else {}

    def post(self, path: str, form: Mapping[str, str]) -> None:
        """Raises BenchmarkError unless it is answered with a redirect, which says that it was done."""
        status, _ = self._ask("POST", path, form=urlencode(form))
        if status != HTTPStatus.FOUND:
            raise BenchmarkError(f"what was sent to {path} was answered with {status}")

    def get(self, path: str, headers: Mapping[str, str] = NO_HEADERS) -> Page:
        """Raises BenchmarkError for anything but a page, or the word that nothing has changed."""
        started = time.perf_counter()
        status, body = self._ask("GET", path, headers)
        milliseconds = (time.perf_counter() - started) * 1000
        if status not in GOOD:
            raise BenchmarkError(f"{path} was answered with {status}")
        return Page(milliseconds, body, status)

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str] = NO_HEADERS, form: str | None = None
    ) -> tuple[int, bytes]:
        cookies = "; ".join(f"{key}={cookie.value}" for key, cookie in self._cookies.items())
        sent = {"Cookie": cookies, **headers}
        if form is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        if time.monotonic() - self._used_at > KEPT_ALIVE:
            self._connection.close()  # and opened again by the request
        self._connection.request(method, path, form, sent)
        response = self._connection.getresponse()
        for cookie in response.headers.get_all("Set-Cookie") or []:
            self._cookies.load(cookie)
        body = response.read()
        self._used_at = time.monotonic()
        return response.status, body


@dataclass
class Server:
    """A web program that answers."""

    port: int
    program: Child

    @cached_property
    def workers(self) -> list[int]:
        return children_of(self.program.pid)


def start_server(
    stack: Stack,
    name: str,
    environment: Environment,
    *,
    workers: int = 1,
    threads: int = 1,
    application: str = "coderadmin.wsgi:application",
) -> Server:
    """A web program that answers."""
    port = free_port()
    command = web_command(f"127.0.0.1:{port}", workers=workers, threads=threads, application=application)
    server = Server(port, stack.start(name, command, environment))
    wait_for(Visitor(port).answers, f"{name} does not answer")
    return server


def serve(stack: Stack, name: str, environment: Environment, *, threads: int = 1) -> Visitor:
    """A web program of one process, and a person signed in to it."""
    visitor = Visitor(start_server(stack, name, environment, threads=threads).port)
    visitor.sign_in()
    return visitor
