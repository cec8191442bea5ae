"""An environment whose Service nobody can reach, and an envproxy without TLS before it."""

from tests.envproxy.asking import HTML, Browser
from tests.envproxy.names import ENVIRONMENT
from tests.envproxy.test_sign_in import sign_in
from tests.envproxy.world import ControlPlane, world_fixture

# Each Service by its own name, none of which exists here.
world = world_fixture("module", SERVICE_GATEWAY="", ENVPROXY_ACCESS_URL="http://sydney.localhost:8080/proxy/")


def test_a_refused_connection_has_a_page_that_says_what_to_do(browser: Browser, control_plane: ControlPlane) -> None:
    answer = browser.inside(headers=HTML)
    assert (answer.status, answer.headers["Retry-After"]) == (502, "10")
    assert f'href="{control_plane.url}/environments/{ENVIRONMENT}/"' in answer.body.decode()
    assert "try again" in answer.body.decode()
    data = browser.inside(headers={"Accept": "application/json"}, method="POST", body=b"x" * 100_000)
    assert (data.status, data.json()["error"]["code"]) == (502, "no_answer")


def test_without_tls_the_cookie_is_not_for_tls_alone(browser: Browser, control_plane: ControlPlane) -> None:
    control_plane.tickets["ticket-1"] = ENVIRONMENT
    cookie = browser.ask(sign_in(browser, "ticket-1")).headers["Set-Cookie"]
    assert cookie.endswith("; HttpOnly; SameSite=Lax")
