"""The plan of a change: the address as typed, what is found about it, and one plan at a time."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from audit.services import Actor
from coderadmin.proof import is_proof, proof_of
from infrastructure import services
from infrastructure.addresses import normalise_access_url
from infrastructure.choices import ChangeState
from infrastructure.errors import ChangeActiveError, RefusedError
from infrastructure.findings import examine_hostnames
from infrastructure.models import AccessURLChange
from infrastructure.probing import examine_address
from infrastructure.services.checking import check_change
from organizations.models import User
from providers.kube.findings import Finding, Level
from providers.models import WorkspaceProvider
from tests.factories import make_provider
from tests.infrastructure.sites import Site
from tests.kube.authority import Authority
from tests.organizations.threads import at_once

OLD, NEW = "https://coder.example.com", "https://dev.example.com"


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("https://dev.example.com", "https://dev.example.com"),
        ("  HTTPS://Dev.Example.COM/ ", "https://dev.example.com"),
        ("dev.example.com", "https://dev.example.com"),
        ("https://dev.example.com:443", "https://dev.example.com"),
        ("https://dev.example.com:8443/", "https://dev.example.com:8443"),
        ("https://dev.example.com.", "https://dev.example.com"),
        ("https://203.0.113.7", "https://203.0.113.7"),
    ],
)
def test_the_address_is_made_one_and_the_same(typed: str, url: str) -> None:
    assert normalise_access_url(typed, present=OLD) == url


@pytest.mark.parametrize(
    "typed",
    [
        "", "https://", "https://dev.example.com/path", "https://dev.example.com/proxy", "ftp://dev.example.com",
        "http://dev.example.com", "https://user:secret@dev.example.com", "https://dev.example.com?x=1",
        "https://dev.example.com#x", "https://dev example.com", "https://dev.example.com:0",
        "https://dev.example.com:99999", "https://-dev.example.com", "javascript:alert(1)", "https://10.0.0.0/8",
        "https://coder.example.com/", "CODER.example.com",
    ],
)  # fmt: skip
def test_what_is_no_new_access_url_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        normalise_access_url(typed, present=OLD)


@pytest.fixture
def site() -> Iterator[Any]:
    sites: list[Site] = []

    def start(answer: Any, context: ssl.SSLContext | None = None) -> int:
        sites.append(Site(answer, context))
        return sites[-1].port

    yield start
    for each in sites:
        each.stop()


async def ours(request: web.Request) -> web.Response:
    return web.json_response({"proof": proof_of(request.match_info["challenge"])})


async def theirs(request: web.Request) -> web.Response:
    return web.json_response({"proof": "0" * 64})


async def odd(request: web.Request) -> web.Response:
    return web.json_response(["proof"])


async def strange(request: web.Request) -> web.Response:
    return web.Response(text='{"proof": "\\ud800"}', content_type="application/json")


async def elsewhere(request: web.Request) -> web.Response:
    raise web.HTTPFound("https://coder.example.com/")


def found(url: str) -> dict[str, Finding]:
    return {finding.code: finding for finding in examine_address(url, is_proof=is_proof)}


def test_this_deployment_is_recognised_also_below_localhost(site: Any) -> None:
    findings = found(f"http://dev.localhost:{site(ours)}")
    assert {finding.level for finding in findings.values()} == {Level.OK}
    assert "leads to this deployment" in findings["identity"].detail


@pytest.mark.parametrize("answer", [theirs, odd, strange, elsewhere])
def test_anything_else_is_not(site: Any, answer: Any) -> None:
    finding = found(f"http://127.0.0.1:{site(answer)}")["identity"]
    assert (finding.level, "not this deployment" in finding.detail) == (Level.ERROR, True)
    assert finding.remedy


def test_a_name_that_does_not_resolve(site: Any) -> None:
    findings = found("https://does-not-exist.invalid")
    assert (list(findings), findings["dns"].level) == (["dns"], Level.ERROR)


def test_nobody_there(unused_port: int) -> None:
    finding = found(f"http://127.0.0.1:{unused_port}")["tcp"]
    assert (finding.level, bool(finding.remedy)) == (Level.ERROR, True)


@pytest.fixture
def unused_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_a_certificate_that_nobody_trusts(site: Any, tmp_path: Path) -> None:
    port = site(ours, Authority().server_context(tmp_path))
    finding = found(f"https://127.0.0.1:{port}")["tls"]
    assert (finding.level, "is refused" in finding.detail) == (Level.ERROR, True)


@pytest.mark.parametrize(("days", "level"), [(90, Level.OK), (5, Level.WARNING)])
def test_how_long_the_certificate_is_valid(
    site: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int, level: Level
) -> None:
    authority = Authority()
    port = site(ours, authority.server_context(tmp_path, "127.0.0.1", days_left=days))
    (tmp_path / "ca.pem").write_text(authority.pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    findings = found(f"https://127.0.0.1:{port}")
    assert (findings["tls"].level, findings["identity"].level) == (level, Level.OK)


def test_a_server_without_tls(site: Any) -> None:
    assert found(f"https://127.0.0.1:{site(ours)}")["tls"].level == Level.ERROR


def hostnames(*urls: str) -> list[WorkspaceProvider]:
    return [WorkspaceProvider(name=f"p{number}", hostname=url) for number, url in enumerate(urls)]


def test_hostnames_below_the_new_url_are_fine() -> None:
    findings = examine_hostnames(
        "https://example.com", hostnames("https://a.example.com", "https://b.c.example.com:8443")
    )
    assert [finding.level for finding in findings] == [Level.OK, Level.OK]


@pytest.mark.parametrize(
    ("new", "level", "named"),
    [("https://example.com", Level.WARNING, "p1"), ("http://example.com", Level.ERROR, "p0")],
)
def test_providers_of_another_scheme_are_named(new: str, level: Level, named: str) -> None:
    """From http to https they can follow only after us, since a hostname has the deployment's scheme."""
    scheme, _ = examine_hostnames(new, hostnames("https://a.example.com", "http://b.example.com"))
    (found,) = [name for name in ("p0", "p1") if name in scheme.detail]
    assert (scheme.level, found, bool(scheme.remedy)) == (level, named, True)


@pytest.mark.parametrize("hostname", ["https://a.other.com", "https://badexample.com", "https://example.com"])
def test_a_hostname_that_is_not_below_it_is_a_warning(hostname: str) -> None:
    _, subdomain = examine_hostnames("https://example.com", hostnames(hostname))
    assert (subdomain.level, bool(subdomain.remedy)) == (Level.WARNING, True)


@pytest.fixture
def manager(site_manager: User, settings: Any) -> Actor:
    settings.ACCESS_URL = OLD
    return Actor(user=site_manager)


def test_asking_for_the_same_plan_again_gives_it(manager: Actor) -> None:
    first = services.plan_change(actor=manager, new_url=NEW)
    assert services.plan_change(actor=manager, new_url=NEW) == first


def test_another_plan_has_to_wait(manager: Actor) -> None:
    services.plan_change(actor=manager, new_url=NEW)
    with pytest.raises(ChangeActiveError, match=r"A change to https://dev.example.com is under way"):
        services.plan_change(actor=manager, new_url="https://third.example.com")


def test_the_same_url_is_no_change(manager: Actor) -> None:
    with pytest.raises(RefusedError, match="is the access URL already"):
        services.plan_change(actor=manager, new_url=OLD)


@pytest.mark.parametrize("who", ["auditor", "member"])
def test_only_site_managers_plan(who: str, request: pytest.FixtureRequest) -> None:
    with pytest.raises(PermissionDenied):
        services.plan_change(actor=Actor(user=request.getfixturevalue(who)), new_url=NEW)


def test_a_worker_finds_out_what_stands_in_the_way(manager: Actor, site: Any) -> None:
    make_provider(name="sydney", hostname="http://sydney.elsewhere.com")
    change = services.plan_change(actor=manager, new_url=f"http://dev.localhost:{site(ours)}")
    assert services.unchecked_changes() == [change.pk]
    check_change(change.pk)
    change.refresh_from_db()
    levels = {finding["code"]: finding["level"] for finding in change.findings}
    assert levels == {"dns": "ok", "identity": "ok", "scheme": "ok", "subdomain": "warning"}
    assert (change.state, services.unchecked_changes()) == (ChangeState.CHECKING, [])


def test_findings_of_a_check_that_was_asked_for_anew_meanwhile_are_dropped(
    manager: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = services.plan_change(actor=manager, new_url=NEW)

    def meanwhile(*_: Any, **__: Any) -> list[Finding]:
        services.check_again(actor=manager, change=change)
        return []

    monkeypatch.setattr("infrastructure.services.checking.examine_address", meanwhile)
    check_change(change.pk)
    assert services.unchecked_changes() == [change.pk]


def test_a_dropped_plan_frees_the_place(manager: Actor) -> None:
    change = services.plan_change(actor=manager, new_url=NEW)
    for _ in range(2):
        services.drop_change(actor=manager, change=change)
    assert services.plan_change(actor=manager, new_url="https://third.example.com").pk != change.pk


def test_what_is_switched_can_not_be_dropped_or_checked(manager: Actor) -> None:
    change = services.plan_change(actor=manager, new_url=NEW)
    AccessURLChange.objects.filter(pk=change.pk).update(checked_at=timezone.now(), state=ChangeState.CHECKING)
    services.switch(actor=manager, change=change)
    for verb in (services.drop_change, services.check_again):
        with pytest.raises(RefusedError):
            verb(actor=manager, change=change)


@pytest.mark.django_db(transaction=True)
def test_of_two_plans_at_once_one_is_refused(manager: Actor) -> None:
    refusals = at_once(
        lambda: services.plan_change(actor=manager, new_url=NEW),
        lambda: services.plan_change(actor=manager, new_url="https://third.example.com"),
    )
    assert (len(refusals), AccessURLChange.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_switch_and_drop_at_once_end_in_one_of_both(manager: Actor) -> None:
    change = services.plan_change(actor=manager, new_url=NEW)
    AccessURLChange.objects.filter(pk=change.pk).update(checked_at=timezone.now(), state=ChangeState.CHECKING)
    refusals = at_once(
        lambda: services.switch(actor=manager, change=change),
        lambda: services.drop_change(actor=manager, change=change),
    )
    change.refresh_from_db()
    assert len(refusals) == 1
    assert change.state in (ChangeState.CONFIRMED, ChangeState.DROPPED)
