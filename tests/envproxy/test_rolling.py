"""The end of a pod that is replaced while people work through it."""

import http.client
import signal

from tests.clusters import eventually
from tests.envproxy.asking import Browser, head, received
from tests.envproxy.environment import Environment
from tests.envproxy.names import COOKIE, PREFIX
from tests.envproxy.test_websockets import HANDSHAKE
from tests.envproxy.world import ControlPlane, Program, World, world_fixture

world = world_fixture("function", TERMINATION_GRACE_SECONDS="12")


def terminate(program: Program) -> None:
    program.process.send_signal(signal.SIGTERM)


def test_it_is_not_ready_at_once_but_serves_those_who_have_not_heard(browser: Browser, program: Program) -> None:
    terminate(program)
    assert eventually(lambda: browser.status("/readyz") == 503, 4)
    answer = browser.inside()
    assert (answer.status, answer.headers["Connection"]) == (200, "close")
    assert browser.status("/healthz") == 200


def test_it_stops_beating(program: Program, control_plane: ControlPlane, browser: Browser) -> None:
    terminate(program)
    assert eventually(lambda: browser.status("/readyz") == 503, 4)
    seen = len(control_plane.beats)
    assert not eventually(lambda: len(control_plane.beats) > seen + 1, 2)


def test_it_ends_when_nothing_is_open(program: Program) -> None:
    terminate(program)
    assert program.process.wait(10) == 0


def test_a_request_that_is_under_way_ends_by_itself(browser: Browser, program: Program, world: World) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", browser.port, timeout=10)
    connection.request("GET", f"{PREFIX}/events", headers=COOKIE)
    response = connection.getresponse()
    assert response.readline() == b"data: one\n"
    terminate(program)
    terminate(program)  # the second one does not shorten the first
    assert eventually(lambda: browser.status("/healthz") == 0, 10), "it takes no new connections in the end"
    assert program.process.poll() is None
    world.let_go()
    assert response.read() == b"\ndata: two\n\n"
    connection.close()
    assert program.process.wait(5) == 0


def test_access_still_ends_while_it_waits(browser: Browser, program: Program, control_plane: ControlPlane) -> None:
    with browser.connection(20) as client:
        client.sendall(head(f"{PREFIX}/websocket", *HANDSHAKE))
        assert client.recv(1000).startswith(b"HTTP/1.1 101 ")
        terminate(program)
        control_plane.refuse()
        assert received(client) == b"\x88\x02\x03\xf0"  # close: 1008


def test_a_websocket_goes_on_until_the_time_is_over(
    browser: Browser, program: Program, environment: Environment
) -> None:
    with browser.connection(20) as client:
        client.sendall(head(f"{PREFIX}/websocket", *HANDSHAKE))
        assert client.recv(1000).startswith(b"HTTP/1.1 101 ")
        terminate(program)
        assert eventually(lambda: browser.status("/healthz") == 0, 10)
        client.sendall(b"\x81\x81\x00\x00\x00\x00x")
        assert client.recv(100) == b"\x81\x01x"
        assert received(client) == b"\x88\x02\x03\xe9"  # close: 1001
    assert program.process.wait(10) == 0
    assert environment.websocket_ends == [1001]
