"""What becomes of redirects and cookies below an environment's path."""

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from providers.envproxy.headers import below, for_browser, moved
from tests.envproxy.names import PREFIX, SERVICE_HOST

PUBLIC = "sydney.coder.example.com"


@pytest.mark.parametrize(
    ("location", "result"),
    [
        ("/login?next=/lab", f"{PREFIX}/login?next=/lab"),
        ("/", f"{PREFIX}/"),
        (f"{PREFIX}/lab", f"{PREFIX}/lab"),
        (PREFIX, PREFIX),
        (f"{PREFIX}-not", f"{PREFIX}{PREFIX}-not"),
        ("login", "login"),
        ("../up", "../up"),
        ("?x=1", "?x=1"),
        ("", ""),
        (f"http://{SERVICE_HOST}/lab?x=1#y", f"{PREFIX}/lab?x=1#y"),
        (f"http://{SERVICE_HOST}", f"{PREFIX}/"),
        (f"http://{SERVICE_HOST}?x=1", f"{PREFIX}/?x=1"),
        (f"//{SERVICE_HOST}/lab", f"{PREFIX}/lab"),
        (f"http://{SERVICE_HOST}{PREFIX}/lab", f"{PREFIX}/lab"),
        (f"https://{PUBLIC}/lab", f"{PREFIX}/lab"),
        (f"https://{PUBLIC}/proxy/environments/other/", f"https://{PUBLIC}/proxy/environments/other/"),
        ("https://github.com/login", "https://github.com/login"),
        (f"https://{SERVICE_HOST}.evil.example.com/", f"https://{SERVICE_HOST}.evil.example.com/"),
        (f"https://{SERVICE_HOST}@evil.example.com/", f"https://{SERVICE_HOST}@evil.example.com/"),
        ("/\\evil.example.com", f"{PREFIX}/\\evil.example.com"),
        ("http://[broken", "http://[broken"),
    ],
)
def test_a_redirect_leads_where_the_environment_meant(location: str, result: str) -> None:
    assert moved(location, PREFIX, SERVICE_HOST, PUBLIC) == result


@pytest.mark.parametrize(
    ("cookie", "result"),
    [
        ("a=1", "a=1"),
        ("a=1; Path=/", f"a=1; Path={PREFIX}/"),
        ("a=1;PATH = /lab ;Secure", f"a=1; Path={PREFIX}/lab;Secure"),
        ("a=1; Path=/; Path=/x", f"a=1; Path={PREFIX}/; Path={PREFIX}/x"),
        (f"a=1; Path={PREFIX}/lab", f"a=1; Path={PREFIX}/lab"),
        ("a=1; Path=", "a=1; Path="),
        ("a=1; Domain=.example.com; HttpOnly", "a=1; HttpOnly"),
        ("a=b=c; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "a=b=c; Expires=Wed, 21 Oct 2026 07:28:00 GMT"),
        ("coderadmin_environment=mine; Path=/", None),
        (" coderadmin_environment =mine", None),
    ],
)
def test_a_cookie_belongs_to_its_environment(cookie: str, result: str | None) -> None:
    assert below(cookie, PREFIX) == result


@pytest.mark.parametrize("name", ["NEL", "Report-To", "Alt-Svc", "Clear-Site-Data", "Strict-Transport-Security"])
def test_an_environment_rules_over_no_other(name: str) -> None:
    """All of a provider have one origin: NEL would tell its collector the address of each request to the others."""
    sent = CIMultiDictProxy(CIMultiDict({name: "x", "X-Own": "y"}))
    passed = for_browser(sent, prefix=PREFIX, service_host=SERVICE_HOST, public_host=PUBLIC)
    assert dict(passed) == {"X-Own": "y"}
