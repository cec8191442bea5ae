"""Websockets through envproxy."""

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from aiohttp import WSMsgType

from tests.clusters import eventually
from tests.envproxy.asking import Browser, head
from tests.envproxy.environment import Environment
from tests.envproxy.names import COOKIE, PREFIX, SERVICE_HOST, SESSION
from tests.envproxy.world import Program, world_fixture

world = world_fixture("module")

MB = 1024 * 1024
Talk = Callable[[aiohttp.ClientWebSocketResponse], Awaitable[object]]
HANDSHAKE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)


def talk(program: Program, what: Talk, **options: object) -> None:
    """`what` with an open websocket."""

    async def run() -> None:
        url = f"http://127.0.0.1:{program.port}{PREFIX}/websocket"
        settings = {"headers": COOKIE, "autoping": False, "max_msg_size": 0, **options}
        async with aiohttp.ClientSession() as session, session.ws_connect(url, **settings) as websocket:
            async with asyncio.timeout(20):
                await what(websocket)

    asyncio.run(run())


def test_messages_of_both_kinds_come_back(program: Program) -> None:
    async def what(websocket: aiohttp.ClientWebSocketResponse) -> None:
        await websocket.send_str("grüße")
        assert await websocket.receive_str() == "grüße"
        await websocket.send_bytes(bytes(range(256)))
        assert await websocket.receive_bytes() == bytes(range(256))

    talk(program, what)


@pytest.mark.parametrize("compress", [0, 15])
def test_big_messages_need_no_memory(program: Program, compress: int) -> None:
    async def what(websocket: aiohttp.ClientWebSocketResponse) -> None:
        program.forget_peak()
        before = program.resident_mb()
        big = bytes(range(256)) * (40 * MB // 256)
        await websocket.send_bytes(big)
        assert await websocket.receive_bytes() == big
        assert program.peak_mb() - before < 20

    talk(program, what, compress=compress)


def test_both_ends_agree_on_what_they_speak(program: Program) -> None:
    async def what(websocket: aiohttp.ClientWebSocketResponse) -> None:
        assert websocket.protocol == "terminal"
        await websocket.send_str("headers")
        got = await websocket.receive_json()
        assert got["Host"] == SERVICE_HOST
        assert got["X-Forwarded-Prefix"] == PREFIX
        assert SESSION not in str(got)

    talk(program, what, protocols=["other", "terminal"])


def test_pings_are_answered_by_the_other_end(program: Program) -> None:
    async def what(websocket: aiohttp.ClientWebSocketResponse) -> None:
        await websocket.ping(b"1")
        message = await websocket.receive()
        assert (message.type, message.data) == (WSMsgType.PONG, b"pong of 1")

    talk(program, what)


def test_the_environment_s_close_code_arrives(program: Program) -> None:
    async def what(websocket: aiohttp.ClientWebSocketResponse) -> None:
        await websocket.send_str("close 4321")
        message = await websocket.receive()
        assert (message.type, message.data, message.extra) == (WSMsgType.CLOSE, 4321, "as told")

    talk(program, what, autoclose=False)


def test_the_client_s_close_code_arrives(program: Program, environment: Environment) -> None:
    async def what(websocket: aiohttp.ClientWebSocketResponse) -> None:
        await websocket.close(code=4000)

    talk(program, what)
    assert eventually(lambda: environment.websocket_ends == [4000], 10)


def test_last_words_of_a_client_that_hangs_up_arrive(browser: Browser, environment: Environment) -> None:
    with browser.connection() as client:
        client.sendall(head(f"{PREFIX}/websocket", *HANDSHAKE))
        assert client.recv(1000).startswith(b"HTTP/1.1 101 ")
        client.sendall(b"\x88\x82\x00\x00\x00\x00\x0f\xa1")  # close 4001, under a mask of zeros
    assert eventually(lambda: environment.websocket_ends == [4001], 10)


def test_a_client_that_vanishes_ends_the_websocket_inside(browser: Browser, environment: Environment) -> None:
    with browser.connection() as client:
        client.sendall(head(f"{PREFIX}/websocket", *HANDSHAKE))
        assert client.recv(1000).startswith(b"HTTP/1.1 101 ")
    assert eventually(lambda: len(environment.websocket_ends) == 1, 10)


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://evil.example.com", 403),
        ("null", 403),
        ("https://sydney.coder.example.com.evil.example.com", 403),
        ("https://sydney.coder.example.com:444", 403),
        ("https://sydney.coder.example.com", 101),
    ],
)
def test_pages_of_other_hosts_are_refused(browser: Browser, origin: str, status: int) -> None:
    with browser.connection() as client:
        client.sendall(head(f"{PREFIX}/websocket", *HANDSHAKE, f"Origin: {origin}"))
        assert client.recv(1000).startswith(f"HTTP/1.1 {status} ".encode())


def test_a_refusal_by_the_environment_arrives(browser: Browser) -> None:
    answer = browser.send(head(f"{PREFIX}/refused-websocket", *HANDSHAKE))
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert answer.endswith(b"not for you")


def test_without_a_session_there_is_no_websocket(browser: Browser) -> None:
    answer = browser.send(head(f"{PREFIX}/websocket", *HANDSHAKE, "Accept: text/html", cookie=False))
    assert answer.startswith(b"HTTP/1.1 401 ")


def test_nothing_hides_behind_a_handshake(browser: Browser) -> None:
    """What a proxy before us takes for the body of the first request must not become a second one."""
    second = head(f"{PREFIX}/second", cookie=True)
    first = head(f"{PREFIX}/websocket", *HANDSHAKE, f"Content-Length: {len(second)}")
    answer = browser.send(first + second)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_other_upgrades_are_not_passed_on(browser: Browser) -> None:
    upgrade = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: x")
    answer = browser.send(head(f"{PREFIX}/", *upgrade))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"h2c" not in answer and b"HTTP2-Settings" not in answer
