"""How long envproxy waits, and for how many."""

from contextlib import ExitStack

import pytest

from tests.clusters import eventually
from tests.envproxy.asking import HTML, Browser, head
from tests.envproxy.names import PREFIX
from tests.envproxy.world import Program, world_fixture

world = world_fixture("module", ENVPROXY_RESPONSE_TIMEOUT_SECONDS="2", ENVPROXY_MAX_CONNECTIONS="10")


def test_an_environment_that_is_silent_has_a_page(browser: Browser) -> None:
    answer = browser.inside("/silent", headers=HTML)
    assert answer.status == 504
    assert "restart the environment" in answer.body.decode()


def test_a_long_upload_and_a_quiet_stream_are_not_silence(browser: Browser, program: Program) -> None:
    with browser.connection() as stream, browser.connection() as upload:
        stream.sendall(head(f"{PREFIX}/events"))
        upload.sendall(head(f"{PREFIX}/upload", "Content-Length: 6", "Connection: close", method="POST"))
        for _ in range(6):
            assert not eventually(lambda: program.process.poll() is not None, 0.7)
            upload.sendall(b"x")
        assert upload.recv(10_000).startswith(b"HTTP/1.1 200 ")
        assert stream.recv(10_000).startswith(b"HTTP/1.1 200 ")
        stream.setblocking(False)
        with pytest.raises(BlockingIOError):
            while stream.recv(10_000):
                pass


def test_connections_beyond_the_limit_are_closed(browser: Browser) -> None:
    with ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(browser.connection())
        assert eventually(lambda: browser.status("/healthz") == 0, 10)
    assert eventually(lambda: browser.status("/healthz") == 200, 10)
