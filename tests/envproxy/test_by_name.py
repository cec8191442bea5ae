"""Services by their own names, also those that nobody can reach, and an envproxy without TLS before it."""

from tests.envproxy.asking import HTML, Browser
from tests.envproxy.names import ENVIRONMENT, PREFIX, SERVICE
from tests.envproxy.test_sign_in import ASKED, sign_in
from tests.envproxy.world import ControlPlane, World, free_port, world_fixture

world = world_fixture(
    "module",
    SERVICE_GATEWAY="",
    CLUSTER_DOMAIN_SUFFIX=".localhost",
    ENVPROXY_ACCESS_URL="http://sydney.localhost:8080/proxy/",
)


def test_a_service_is_reached_by_its_name(browser: Browser, control_plane: ControlPlane, world: World) -> None:
    control_plane.allow(port=world.service.port)
    answer = browser.inside("/lab")
    assert (answer.status, answer.json()["target"]) == (200, "/lab")
    assert answer.echoed("Host") == [f"{SERVICE}.coder.localhost:{world.service.port}"]


def test_a_refused_connection_has_a_page_that_says_what_to_do(browser: Browser, control_plane: ControlPlane) -> None:
    control_plane.allow(session="session-of-another-1234", port=free_port())
    cookie = {"Cookie": "coderadmin_environment=session-of-another-1234"}
    answer = browser.ask(f"{PREFIX}/", headers={**HTML, **cookie})
    assert (answer.status, answer.headers["Retry-After"]) == (502, "10")
    assert f'href="{control_plane.url}/environments/{ENVIRONMENT}/"' in answer.body.decode()
    assert "try again" in answer.body.decode()
    data = browser.ask(
        f"{PREFIX}/", headers={"Accept": "application/json", **cookie}, method="POST", body=b"x" * 100_000
    )
    assert (data.status, data.json()["error"]["code"]) == (502, "no_answer")


def test_without_tls_the_cookie_is_not_for_tls_alone(browser: Browser, control_plane: ControlPlane) -> None:
    control_plane.tickets["ticket-1"] = ENVIRONMENT
    cookie = browser.ask(sign_in("ticket-1"), headers=ASKED).headers["Set-Cookie"]
    assert cookie.endswith("; HttpOnly; SameSite=Lax")
