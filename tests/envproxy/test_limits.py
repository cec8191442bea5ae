"""Requests that mean two things, environments that do not answer, and how much one program takes."""

import json

import pytest

from tests.clusters import eventually
from tests.envproxy.asking import HTML, Browser, head
from tests.envproxy.names import COOKIE, ENVIRONMENT, PREFIX
from tests.envproxy.world import ControlPlane, Program, world_fixture

world = world_fixture("module")

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Content-Length: 0", f"Content-Length: {len(SMUGGLED)}"),
        ("Content-Length: 0, 5",),
        ("Content-Length: +0",),
        ("Content-Length: -1",),
        ("Content-Length: 0x0",),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding : chunked",),
        ("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: gzip, chunked",),
        ("X: a\r\n folded: line",),
        ("X: a\x00b",),
        ("Content\x0b-Length: 5",),
    ],
)
def test_a_length_that_can_be_read_in_two_ways_is_refused(browser: Browser, lines: tuple[str, ...]) -> None:
    answer = browser.send(head(f"{PREFIX}/", *lines, method="POST") + b"0\r\n\r\n" + SMUGGLED, seconds=15)
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 ", b"HTTP/1.0 400 "))
    assert b"smuggled" not in answer


def test_a_client_cannot_make_us_drop_a_length(browser: Browser) -> None:
    sent = head(f"{PREFIX}/", "Connection: close, Content-Length", f"Content-Length: {len(SMUGGLED)}", method="POST")
    answer = browser.send(sent + SMUGGLED)
    echoed = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert echoed["body"] == SMUGGLED.decode()


def test_an_upload_that_breaks_its_own_coding_is_refused(browser: Browser) -> None:
    sent = head(f"{PREFIX}/upload", "Transfer-Encoding: chunked", method="POST") + b"5\r\nhello\r\nno number\r\n"
    assert browser.send(sent, seconds=20).startswith((b"HTTP/1.1 502 ", b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))


@pytest.mark.parametrize(
    "first",
    [
        f"GET http://evil.example.com{PREFIX}/ HTTP/1.1",
        "CONNECT evil.example.com:443 HTTP/1.1",
        f"TRACE {PREFIX}/ HTTP/1.1",
        "OPTIONS * HTTP/1.1",
    ],
)
def test_other_hosts_and_dangerous_methods_are_refused(browser: Browser, first: str) -> None:
    answer = browser.send(f"{first}\r\nHost: x\r\nCookie: {COOKIE['Cookie']}\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("raw", [b"/caf\xc3\xa9", b"/\xff\xfe", b"/a#b", b"/a|b{c}"])
def test_strange_bytes_in_a_path_are_no_failure_of_ours(browser: Browser, raw: bytes) -> None:
    sent = head(f"{PREFIX}/x", "Connection: close").replace(b"/x HTTP", raw + b" HTTP")
    assert browser.send(sent).startswith((b"HTTP/1.1 200 ", b"HTTP/1.0 400 "))


@pytest.mark.parametrize("line", [f"X-Long: {'x' * 40_000}", *["\r\n".join(f"X-{n}: y" for n in range(500))]])
def test_a_head_without_end_is_refused(browser: Browser, line: str) -> None:
    assert browser.send(head(f"{PREFIX}/", line)).startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))


@pytest.mark.parametrize("path", ["/broken-early", "/no-http"])
def test_an_environment_that_answers_nonsense_has_a_page(browser: Browser, path: str) -> None:
    answer = browser.inside(path, headers=HTML)
    assert answer.status == 502
    assert f"/environments/{ENVIRONMENT}/" in answer.body.decode()


def test_it_is_light(browser: Browser, program: Program, control_plane: ControlPlane) -> None:
    beats = len(control_plane.beats)
    for number in range(200):
        assert browser.inside(f"/{number}", method="POST", body=b"x" * 10_000).status == 200
    assert program.resident_mb() < 80
    assert eventually(lambda: len(control_plane.beats) > beats, 5), "requests hold up the beat"


def test_its_beat_says_where_it_is_reached(program: Program, control_plane: ControlPlane) -> None:
    assert control_plane.beats[0]["envproxy_access_url"] == "https://sydney.coder.example.com/proxy"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/proxy/healthz", "/proxy/readyz"])
def test_probes_are_answered_below_the_ingress_s_path_too(browser: Browser, path: str) -> None:
    assert browser.status(path) == 200
