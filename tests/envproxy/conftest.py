from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clusters import eventually
from tests.envproxy.asking import Browser
from tests.envproxy.environment import Environment
from tests.envproxy.world import ControlPlane, Program, Threaded


@pytest.fixture
def control_plane() -> Iterator[ControlPlane]:
    control_plane = ControlPlane()
    yield control_plane
    control_plane.server.stop()


@pytest.fixture
def service() -> Iterator[Threaded]:
    """The server of `environment`."""
    environment = Environment()
    server = Threaded(environment.answer)
    server.environment = environment  # type: ignore[attr-defined]
    yield server
    server.loop.call_soon_threadsafe(environment.let_go.set)
    server.stop()


@pytest.fixture
def environment(service: Threaded) -> Environment:
    return service.environment  # type: ignore[attr-defined]


@pytest.fixture
def settings_of_program() -> dict[str, str]:
    """Further variables; overridden where a test needs them."""
    return {}


@pytest.fixture
def program(
    control_plane: ControlPlane, service: Threaded, settings_of_program: dict[str, str], tmp_path: Path
) -> Iterator[Program]:
    program = Program(control_plane, f"127.0.0.1:{service.port}", tmp_path / "envproxy.log", settings_of_program)
    program.start()
    browser = Browser(program.port)
    assert eventually(lambda: browser.status("/readyz") == 200, 20), program.log.read_text()
    yield program
    program.stop()


@pytest.fixture
def browser(program: Program) -> Browser:
    return Browser(program.port)
