"""Who gets in: questions to the control plane, answers that are kept, and access that ends."""

import http.client
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.clusters import eventually
from tests.envproxy.asking import HTML, Browser, head, received
from tests.envproxy.names import COOKIE, ENVIRONMENT, OTHER, PREFIX, SESSION
from tests.envproxy.test_websockets import HANDSHAKE
from tests.envproxy.world import ControlPlane


@pytest.fixture
def events(browser: Browser) -> Iterator[socket.socket]:
    """An open stream, of which the beginning has come."""
    with browser.connection() as client:
        client.sendall(head(f"{PREFIX}/events"))
        seen = b""
        while b"data: one" not in seen:
            seen += client.recv(10_000)
        yield client


def asked(control_plane: ControlPlane) -> list[tuple[str, str, bool]]:
    return [
        (use["session"], use["environment"], use["active"]) for question in control_plane.questions for use in question
    ]


def test_it_asks_before_it_passes_anything_on_and_then_not_for_each_request(
    browser: Browser, control_plane: ControlPlane
) -> None:
    control_plane.ask_again = 60
    for _ in range(5):
        assert browser.inside().status == 200
    assert asked(control_plane) == [(SESSION, ENVIRONMENT, True)]


def test_a_session_opens_its_own_environment_only(browser: Browser, control_plane: ControlPlane) -> None:
    assert browser.ask(f"/proxy/environments/{OTHER}/", headers=COOKIE).status == 401
    assert asked(control_plane) == [(SESSION, OTHER, True)]


@pytest.mark.parametrize("session", ["short", "with space 12345678", "x" * 600, '"quoted-1234567890"'])
def test_what_cannot_be_a_session_is_not_asked_about(
    browser: Browser, control_plane: ControlPlane, session: str
) -> None:
    assert browser.ask(f"{PREFIX}/", headers={"Cookie": f"coderadmin_environment={session}"}).status == 401
    assert asked(control_plane) == []


def test_a_refusal_ends_the_session_and_what_is_open(
    browser: Browser, control_plane: ControlPlane, events: socket.socket
) -> None:
    control_plane.refuse()
    received(events)  # ends, though the environment has not ended it
    assert browser.inside().status == 401
    assert browser.inside(headers=HTML).status == 302


def test_a_refusal_closes_websockets_with_their_code(browser: Browser, control_plane: ControlPlane) -> None:
    with browser.connection() as client:
        client.sendall(head(f"{PREFIX}/websocket", *HANDSHAKE))
        assert client.recv(1000).startswith(b"HTTP/1.1 101 ")
        control_plane.refuse()
        assert received(client) == b"\x88\x02\x03\xf0"  # close, two bytes: 1008


def test_one_question_is_about_all_that_are_in_use(browser: Browser, control_plane: ControlPlane) -> None:
    people = [f"session-of-person-{number:010}" for number in range(20)]
    with ExitStack() as connections:
        for session in people:
            control_plane.allow(session=session)
            client = connections.enter_context(browser.connection())
            client.sendall(head(f"{PREFIX}/events", f"Cookie: coderadmin_environment={session}", cookie=False))
            assert b"200 OK" in client.recv(10_000)
        control_plane.questions.clear()
        assert eventually(lambda: control_plane.questions, 10)
        assert sorted(use["session"] for use in control_plane.questions[0]) == people


def test_silence_is_not_use(browser: Browser, control_plane: ControlPlane, events: socket.socket) -> None:
    assert eventually(lambda: (SESSION, ENVIRONMENT, False) in asked(control_plane), 10)
    control_plane.questions.clear()
    assert browser.inside().status == 200
    assert eventually(lambda: (SESSION, ENVIRONMENT, True) in asked(control_plane), 10)


def test_pings_are_not_use_but_messages_are(browser: Browser, control_plane: ControlPlane) -> None:
    with browser.connection() as client:
        client.sendall(head(f"{PREFIX}/websocket", *HANDSHAKE))
        assert client.recv(1000).startswith(b"HTTP/1.1 101 ")
        assert eventually(lambda: asked(control_plane)[-1:] == [(SESSION, ENVIRONMENT, False)], 10)
        control_plane.questions.clear()
        client.sendall(b"\x89\x80\x00\x00\x00\x00")
        assert client.recv(100) == b"\x8a\x08pong of "
        assert eventually(lambda: len(control_plane.questions) > 1, 10)
        assert {active for *_, active in asked(control_plane)} == {False}
        client.sendall(b"\x81\x81\x00\x00\x00\x00x")
        assert eventually(lambda: (SESSION, ENVIRONMENT, True) in asked(control_plane), 10)


def test_nobody_in_use_means_no_question(browser: Browser, control_plane: ControlPlane) -> None:
    """But one more about the bytes that went through after the first."""
    assert browser.inside().status == 200
    assert not eventually(lambda: len(control_plane.questions) > 2, 4)


@pytest.mark.parametrize("status", [500, 502, 404, 302, 429])
def test_those_who_are_in_stay_in_while_the_control_plane_is_away(
    browser: Browser, control_plane: ControlPlane, events: socket.socket, status: int
) -> None:
    control_plane.status = status
    asked_before = len(control_plane.questions)
    assert eventually(lambda: len(control_plane.questions) > asked_before, 10)
    assert browser.inside().status == 200
    assert browser.inside().status == 200
    events.setblocking(False)
    with pytest.raises(BlockingIOError):
        events.recv(1)


def test_a_first_question_is_repeated_through_a_short_outage(browser: Browser, control_plane: ControlPlane) -> None:
    control_plane.status = 503
    with browser.connection() as client:
        client.sendall(head(f"{PREFIX}/", "Connection: close"))
        assert eventually(lambda: len(control_plane.questions) >= 2, 10)
        control_plane.status = 200
        assert received(client).startswith(b"HTTP/1.1 200 ")


def test_after_a_long_outage_a_newcomer_is_told(browser: Browser, control_plane: ControlPlane) -> None:
    control_plane.status = 503
    connection = http.client.HTTPConnection("127.0.0.1", browser.port, timeout=40)
    connection.request("GET", f"{PREFIX}/", headers={**COOKIE, **HTML})
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Retry-After"]) == (503, "30")
    assert f"{control_plane.url} does not answer" in answer.read().decode()
    connection.close()


def test_a_provider_whose_token_is_revoked_serves_nobody(
    browser: Browser, control_plane: ControlPlane, events: socket.socket
) -> None:
    control_plane.status = 401
    received(events)
    assert browser.inside().status == 401


@pytest.mark.parametrize(
    ("state", "words"), [("off", "is off"), ("creating", "is being built"), ("failed", "has failed")]
)
def test_an_environment_that_does_not_run_has_a_page(
    browser: Browser, control_plane: ControlPlane, state: str, words: str
) -> None:
    control_plane.allow(state)
    answer = browser.inside(headers=HTML)
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert words in answer.body.decode()
    assert f'href="{control_plane.url}/environments/{ENVIRONMENT}/"' in answer.body.decode()
    data = browser.inside(headers={"Accept": "application/json"})
    assert (data.status, data.json()["error"]["code"]) == (503, f"environment_{state}")
    assert browser.inside().headers["Content-Type"].startswith("text/plain")


def test_a_started_environment_is_served_after_the_next_answer(browser: Browser, control_plane: ControlPlane) -> None:
    control_plane.allow("off")
    assert browser.inside().status == 503
    control_plane.allow("on")
    assert eventually(lambda: browser.inside().status == 200, 10)
