"""HTTP through envproxy, between a real client and a real server."""

import hashlib
import http.client
import json
import socket
from collections.abc import Iterator

import pytest

from tests.clusters import eventually
from tests.envproxy.asking import Browser, head, received
from tests.envproxy.environment import GZIPPED, Environment
from tests.envproxy.names import COOKIE, PREFIX, SERVICE_HOST, SESSION
from tests.envproxy.world import Program, World, world_fixture

world = world_fixture("module")

MB = 1024 * 1024
UPLOAD_MB = 200


def test_it_passes_a_request_on_as_it_came(browser: Browser) -> None:
    answer = browser.inside("/lab/tree?x=1&y=%20", method="PROPFIND", body=b"data", headers={"X-Mine": "yes"})
    assert answer.status == 200
    got = answer.json()
    assert (got["method"], got["target"], got["body"]) == ("PROPFIND", "/lab/tree?x=1&y=%20", "data")
    assert answer.echoed("Host") == [SERVICE_HOST]
    assert answer.echoed("X-Mine") == ["yes"]
    assert answer.echoed("Content-Length") == ["4"]


def test_it_adds_nothing_that_a_client_did_not_say(browser: Browser) -> None:
    answer = browser.send(head(f"{PREFIX}/", "Connection: close"))
    names = {name.lower() for name, _ in json.loads(answer.partition(b"\r\n\r\n")[2])["headers"]}
    forwarded = {"x-forwarded-for", "x-forwarded-host", "x-forwarded-prefix", "x-forwarded-proto"}
    assert names - {"connection"} == {"host", *forwarded}


def test_it_says_who_asks_and_heeds_nobody_s_own_word(browser: Browser) -> None:
    lies = {"X-Forwarded-For": "8.8.8.8", "X-Forwarded-Proto": "gopher", "Forwarded": "for=8.8.8.8", "X-Real-IP": "1"}
    answer = browser.inside("/", headers={**lies, "X-Forwarded-User": "root", "Connection": "X-Forwarded-For"})
    assert answer.echoed("X-Forwarded-For") == ["127.0.0.1"]
    assert answer.echoed("X-Forwarded-Proto") == ["https"]
    assert answer.echoed("X-Forwarded-Host") == ["sydney.coder.example.com"]
    assert answer.echoed("X-Forwarded-Prefix") == [PREFIX]
    assert not any(map(answer.echoed, ["Forwarded", "X-Real-IP", "X-Forwarded-User"]))


def test_the_environment_never_sees_the_session(browser: Browser) -> None:
    answer = browser.ask(f"{PREFIX}/", headers={"Cookie": f"theme=dark; coderadmin_environment={SESSION}; a=b=c"})
    assert answer.echoed("Cookie") == ["theme=dark; a=b=c"]
    assert SESSION.encode() not in answer.body


def test_headers_of_one_connection_stay_on_it(browser: Browser) -> None:
    answer = browser.inside(
        "/", headers={"Connection": "X-Hop, close", "X-Hop": "1", "TE": "trailers", "Keep-Alive": "timeout=9"}
    )
    assert not any(map(answer.echoed, ["X-Hop", "TE", "Keep-Alive"]))


@pytest.mark.parametrize(
    "rest",
    ["/a%2Fb%2f", "/%2e%2e/%2E%2E/x", "/../../../other", "//evil.example.com/x", "/a/./b//c", "/%00%0a", "/a?b=/../c"],
)
def test_paths_arrive_as_they_were_sent_and_nowhere_else(browser: Browser, rest: str) -> None:
    answer = browser.send(head(PREFIX + rest, "Connection: close"))
    echoed = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert echoed["target"] == rest
    assert ["Host", SERVICE_HOST] in echoed["headers"]


def test_redirects_and_cookies_stay_below_the_environment(browser: Browser) -> None:
    assert browser.inside("/redirect").headers["Location"] == f"{PREFIX}/lab?x=1"
    assert browser.inside("/cookies").headers.get_all("Set-Cookie") == [
        f"a=1; Path={PREFIX}/; HttpOnly",
        f"b=2; Path={PREFIX}/lab",
    ]


def test_compressed_bodies_go_through_untouched(browser: Browser) -> None:
    answer = browser.inside("/gzipped", headers={"Accept-Encoding": "gzip"})
    assert (answer.body, answer.headers["Content-Encoding"], answer.headers["ETag"]) == (GZIPPED, "gzip", '"1"')
    up = browser.inside("/upload", method="POST", body=GZIPPED, headers={"Content-Encoding": "gzip"})
    assert up.body.decode() == f"{len(GZIPPED)} {hashlib.sha256(GZIPPED).hexdigest()}"


def test_a_head_request_tells_the_length_and_sends_nothing(browser: Browser) -> None:
    with browser.connection() as client:
        client.sendall(head(f"{PREFIX}/gzipped", "Connection: close", method="HEAD"))
        before, _, after = received(client).partition(b"\r\n\r\n")
    assert f"Content-Length: {len(GZIPPED)}".encode() in before
    assert after == b""


@pytest.mark.parametrize(("path", "status"), [("/nothing", 204), ("/unchanged", 304)])
def test_responses_without_a_body_have_none(browser: Browser, path: str, status: int) -> None:
    """Two on one connection: a stray byte would spoil the second."""
    connection = http.client.HTTPConnection("127.0.0.1", browser.port, timeout=10)
    for _ in range(2):
        connection.request("GET", PREFIX + path, headers=COOKIE)
        response = connection.getresponse()
        assert (response.status, response.read()) == (status, b"")
        assert response.headers["Transfer-Encoding"] is None
    connection.close()


def test_what_the_environment_leaves_out_stays_out(browser: Browser) -> None:
    answer = browser.inside("/untyped")
    assert (answer.status, answer.body) == (200, b"hi")
    assert answer.headers["Content-Type"] is None
    assert answer.headers["Keep-Alive"] is None
    assert answer.headers["Server"] == "envproxy"


def test_long_headers_pass_in_both_directions(browser: Browser) -> None:
    assert browser.inside("/", headers={"X-Long": "x" * 15_000}).echoed("X-Long") == ["x" * 15_000]
    assert browser.inside("/long-header").headers["X-Long"] == "x" * 20_000


def test_events_come_one_by_one(browser: Browser, world: World) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", browser.port, timeout=10)
    connection.request("GET", f"{PREFIX}/events", headers=COOKIE)
    response = connection.getresponse()
    assert response.readline() == b"data: one\n"
    world.let_go()
    assert response.read() == b"\ndata: two\n\n"
    connection.close()


def test_a_client_that_leaves_ends_the_request_inside(browser: Browser, environment: Environment) -> None:
    with browser.connection() as client:
        client.sendall(head(f"{PREFIX}/events"))
        assert client.recv(100)
    assert eventually(lambda: environment.cancelled == 1, 10)


@pytest.mark.parametrize("is_chunked", [False, True])
def test_big_uploads_need_no_memory(browser: Browser, program: Program, is_chunked: bool) -> None:
    part = bytes(range(256)) * 4096
    length = {} if is_chunked else {"Content-Length": str(UPLOAD_MB * MB)}
    program.forget_peak()
    before = program.resident_mb()
    answer = browser.inside("/upload", method="PUT", body=(part for _ in range(UPLOAD_MB)), headers=length)
    digest = hashlib.sha256()
    for _ in range(UPLOAD_MB):
        digest.update(part)
    assert answer.body.decode() == f"{UPLOAD_MB * MB} {digest.hexdigest()}"
    assert program.peak_mb() - before < 20


def test_a_slow_client_slows_the_environment_down(browser: Browser, program: Program, environment: Environment) -> None:
    with browser.connection() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        client.sendall(head(f"{PREFIX}/flood"))
        assert client.recv(1000)
        assert not eventually(lambda: environment.sent > 50 * MB, 2), "all was taken from the environment"
    assert program.peak_mb() < 80


def test_a_client_that_waits_for_a_go_ahead_gets_it(browser: Browser) -> None:
    with browser.connection() as client:
        client.sendall(
            head(f"{PREFIX}/upload", "Content-Length: 4", "Expect: 100-continue", "Connection: close", method="POST")
        )
        assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"data")
        assert received(client).endswith(f"4 {hashlib.sha256(b'data').hexdigest()}".encode())


def test_who_may_not_upload_is_told_so_before_and_the_connection_ends(browser: Browser) -> None:
    waiting = head(f"{PREFIX}/upload", "Content-Length: 4", "Expect: 100-continue", method="POST", cookie=False)
    with browser.connection() as client:
        client.sendall(waiting)
        answer = client.recv(10_000)
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"Connection: close" in answer


def test_an_early_refusal_of_an_upload_arrives(browser: Browser) -> None:
    def parts() -> Iterator[bytes]:
        yield bytes(1000)

    answer = browser.inside("/too-large", method="POST", body=parts())
    assert (answer.status, answer.body) == (413, b"too large")


def test_a_part_is_never_taken_for_the_whole(browser: Browser) -> None:
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        browser.inside("/broken")


def test_old_clients_are_served(browser: Browser) -> None:
    answer = browser.send(f"GET {PREFIX}/gzipped HTTP/1.0\r\nCookie: {COOKIE['Cookie']}\r\n\r\n".encode())
    assert answer.endswith(GZIPPED)
    assert b"chunked" not in answer


def test_one_connection_carries_many_requests(browser: Browser) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", browser.port, timeout=10)
    for number in range(20):
        connection.request("POST", f"{PREFIX}/{number}", b"x" * number, COOKIE)
        echoed = json.loads(connection.getresponse().read())
        assert (echoed["target"], len(echoed["body"])) == (f"/{number}", number)
    connection.close()
