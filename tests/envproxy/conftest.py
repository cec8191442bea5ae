import pytest

from tests.clusters import eventually
from tests.envproxy.asking import Browser
from tests.envproxy.environment import Environment
from tests.envproxy.world import ControlPlane, Program, World, world_fixture

# A fresh one for each test; modules whose tests leave nothing behind have one for all.
world = world_fixture("function")


@pytest.fixture
def control_plane(world: World) -> ControlPlane:
    world.control_plane.forget()
    return world.control_plane


@pytest.fixture
def environment(world: World) -> Environment:
    """One that nobody talks with any more: the end of an earlier test's websocket would count for the next one."""
    assert eventually(lambda: not world.environment.open_websockets)
    world.environment.forget()
    return world.environment


@pytest.fixture
def program(world: World, control_plane: ControlPlane, environment: Environment) -> Program:
    return world.program


@pytest.fixture
def browser(program: Program) -> Browser:
    return Browser(program.port)
