"""The site as a visitor has it: gunicorn as in production, and a browser's session signed in by the real form."""

import http.client
import re
import time
from dataclasses import dataclass
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from benchmarks.seed import EMAIL, PASSWORD
from benchmarks.stack import BenchmarkError, Environment, Stack, free_port, wait_for
from coderadmin.programs import web_command

TIMEOUT = 30.0  # seconds
KEPT_ALIVE = 1.0  # seconds; gunicorn ends an idle connection after 2


@dataclass(frozen=True)
class Page:
    """An answer: how long it took, and its body."""

    milliseconds: float
    body: bytes


class Visitor:
    """One keep-alive connection with the cookies of one signed-in person."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        self._cookies = SimpleCookie()
        self._used_at = 0.0

    def answers(self) -> bool:
        try:
            return self._ask("GET", "/healthz")[0] == 200
        except OSError:
            self._connection.close()
            return False

    def sign_in(self) -> None:
        """Through the form, as a person does; raises BenchmarkError when refused."""
        _, page = self._ask("GET", "/sign-in/")
        token = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', page)
        form = {"username": EMAIL, "password": PASSWORD, "csrfmiddlewaretoken": token[1].decode() if token else ""}
        status, _ = self._ask("POST", "/sign-in/", urlencode(form))
        if status != 302:
            raise BenchmarkError(f"signing in was answered with {status}")

    def get(self, path: str) -> Page:
        """Raises BenchmarkError for anything but a page."""
        started = time.perf_counter()
        status, body = self._ask("GET", path)
        milliseconds = (time.perf_counter() - started) * 1000
        if status != 200:
            raise BenchmarkError(f"{path} was answered with {status}")
        return Page(milliseconds, body)

    def _ask(self, method: str, path: str, form: str | None = None) -> tuple[int, bytes]:
        headers = {"Cookie": "; ".join(f"{key}={cookie.value}" for key, cookie in self._cookies.items())}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if time.monotonic() - self._used_at > KEPT_ALIVE:
            self._connection.close()  # and opened again by the request
        self._connection.request(method, path, form, headers)
        response = self._connection.getresponse()
        for cookie in response.headers.get_all("Set-Cookie") or []:
            self._cookies.load(cookie)
        body = response.read()
        self._used_at = time.monotonic()
        return response.status, body


def serve(stack: Stack, name: str, environment: Environment, *, threads: int = 1) -> Visitor:
    """A web program of one process, and a person signed in to it."""
    port = free_port()
    stack.start(name, web_command(f"127.0.0.1:{port}", workers=1, threads=threads), environment)
    visitor = Visitor(port)
    wait_for(visitor.answers, f"{name} does not answer")
    visitor.sign_in()
    return visitor
