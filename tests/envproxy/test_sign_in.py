"""A browser's way through the sign-in and back."""

from urllib.parse import parse_qs, urlsplit

import pytest

from providers.envproxy.sign_in import inner_path
from tests.envproxy.asking import HTML, Browser
from tests.envproxy.names import ENVIRONMENT, OTHER, PREFIX, SESSION
from tests.envproxy.world import ControlPlane, Program, world_fixture

world = world_fixture("module")


STATE = "a-state-of-32-characters-exactly"
ASKED = HTML | {"Cookie": f"coderadmin_sign_in_{STATE}=1"}


def sign_in(ticket: str, path: str = "", environment: str = ENVIRONMENT, state: str = STATE) -> str:
    return f"/proxy/sign-in?ticket={ticket}&environment={environment}&state={state}&path={path}"


def test_a_person_is_sent_to_sign_in_and_comes_back_to_the_same_place(
    browser: Browser, control_plane: ControlPlane
) -> None:
    away = browser.ask(f"{PREFIX}/lab/a%20b?x=1%2B2&y=/", headers=HTML)
    assert away.status == 302
    target = urlsplit(away.headers["Location"])
    assert f"{target.scheme}://{target.netloc}{target.path}" == f"{control_plane.url}/environments/{ENVIRONMENT}/open/"
    sent = parse_qs(target.query)
    state = sent["state"][0]
    assert sent["path"] == ["lab/a%20b?x=1%2B2&y=/"]
    remembered = away.headers["Set-Cookie"]
    assert remembered == (
        f"coderadmin_sign_in_{state}=1; Path=/proxy/sign-in; Max-Age=600; HttpOnly; SameSite=Lax; Secure"
    )

    control_plane.tickets["ticket-1"] = ENVIRONMENT
    path = target.query.partition("path=")[2]
    back = browser.ask(sign_in("ticket-1", path, state=state), headers={"Cookie": remembered.partition(";")[0]})
    assert (back.status, back.headers["Location"]) == (302, f"{PREFIX}/lab/a%20b?x=1%2B2&y=/")
    assert back.headers["Cache-Control"] == "no-store"
    assert back.headers["Set-Cookie"] == (
        f"coderadmin_environment={SESSION}; Path={PREFIX}/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure"
    )
    cookie = back.headers["Set-Cookie"].partition(";")[0]
    assert browser.ask(f"{PREFIX}/", headers={"Cookie": cookie}).status == 200


@pytest.mark.parametrize("how", [{"method": "POST", "headers": HTML}, {"headers": {"Accept": "*/*"}}, {}])
def test_whoever_is_no_browser_at_a_page_is_told(browser: Browser, control_plane: ControlPlane, how: dict) -> None:
    answer = browser.ask(f"{PREFIX}/api", **how)
    assert answer.status == 401
    assert "not signed in" in answer.body.decode()
    assert f"{control_plane.url}/environments/{ENVIRONMENT}/open/" in answer.body.decode()


def test_a_ticket_is_good_once(browser: Browser, control_plane: ControlPlane) -> None:
    control_plane.tickets["ticket-1"] = ENVIRONMENT
    assert browser.ask(sign_in("ticket-1"), headers=ASKED).status == 302
    again = browser.ask(sign_in("ticket-1"), headers=ASKED)
    assert again.status == 403
    assert f"{control_plane.url}/environments/{ENVIRONMENT}/open/" in again.body.decode()
    assert again.headers["Set-Cookie"] is None


def test_a_ticket_opens_the_environment_that_it_is_for(browser: Browser, control_plane: ControlPlane) -> None:
    control_plane.tickets["ticket-1"] = OTHER
    answer = browser.ask(sign_in("ticket-1"), headers=ASKED)
    assert (answer.status, answer.headers["Set-Cookie"]) == (403, None)


@pytest.mark.parametrize(
    ("state", "cookie"),
    [
        ("", f"coderadmin_sign_in_{STATE}=1"),
        (STATE, ""),
        (STATE, "coderadmin_sign_in_another-state-of-32-characters-=1"),
        ("x", "coderadmin_sign_in_x=1"),
    ],
)
def test_a_stranger_s_ticket_is_no_use_in_another_browser(
    browser: Browser, control_plane: ControlPlane, state: str, cookie: str
) -> None:
    """Who follows the link gets to sign in as himself instead; the ticket stays as it is."""
    control_plane.tickets["ticket-1"] = ENVIRONMENT
    answer = browser.ask(sign_in("ticket-1", "a", state=state), headers=HTML | {"Cookie": cookie})
    assert (answer.status, answer.headers["Location"], answer.headers["Set-Cookie"]) == (302, f"{PREFIX}/a", None)
    assert control_plane.tickets == {"ticket-1": ENVIRONMENT}


@pytest.mark.parametrize(
    "query", ["", "?ticket=", "?ticket=x&environment=../../evil", "?ticket=x&environment=" + "A" * 36]
)
def test_a_link_that_is_none_is_refused(browser: Browser, control_plane: ControlPlane, query: str) -> None:
    answer = browser.ask(f"/proxy/sign-in{query}", headers=HTML)
    assert answer.status == 400
    assert answer.headers["Location"] is None


def test_while_the_control_plane_is_away_nobody_can_sign_in(browser: Browser, control_plane: ControlPlane) -> None:
    control_plane.status = 502
    assert browser.ask(sign_in("ticket-1"), headers=ASKED).status == 503


@pytest.mark.parametrize(
    ("path", "result"),
    [
        ("", ""),
        ("lab/tree?next=https://example.com//x", "lab/tree?next=https://example.com//x"),
        ("a%20b", "a%20b"),
        ("grün", "gr%C3%BCn"),
        ("https://evil.example.com", ""),
        ("//evil.example.com", ""),
        ("/evil.example.com", ""),
        ("a\\..\\b", ""),
        ("../other/", ""),
        ("a/%2E./other/", ""),
        (".%2e", ""),
        ("a\r\nSet-Cookie: x", ""),
        ("a b", ""),
        ("javascript:alert(1)", "javascript:alert(1)"),  # it stands behind the environment's path
    ],
)
def test_the_way_back_leads_into_the_environment_only(path: str, result: str) -> None:
    assert inner_path(path) == result


def test_an_environment_s_path_without_its_slash_leads_to_the_one_with_it(browser: Browser) -> None:
    answer = browser.ask(f"{PREFIX}?x=1")
    assert (answer.status, answer.headers["Location"]) == (308, f"{PREFIX}/?x=1")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/proxy/",
        "/proxy/environments/",
        f"/proxy/environments/{ENVIRONMENT}x/",
        f"{PREFIX}%2Fx",
        "/proxy/environments/%2e%2e/",
        f"/proxy/environments/{ENVIRONMENT.upper()}/",
        "/environments/",
    ],
)
def test_other_paths_do_not_exist(browser: Browser, path: str) -> None:
    answer = browser.ask(path, headers=HTML)
    assert answer.status == 404
    assert answer.headers["Location"] is None


def test_no_secret_is_logged(browser: Browser, control_plane: ControlPlane, program: Program) -> None:
    """The fixture looks into the log at the end; this provokes what might be written there."""
    browser.ask(sign_in("ticket-unknown"), headers=ASKED)
    browser.send(f"GET {PREFIX}/ HTTP/1.1\r\nCookie: {SESSION}\x00\r\n\r\n".encode())
    browser.send(f"GET /proxy/sign-in?ticket=ticket-{'x' * 20_000} HTTP/1.1\r\n\r\n".encode())
    control_plane.status = 500
    browser.ask(sign_in("ticket-unknown"), headers=ASKED)
