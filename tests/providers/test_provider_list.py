"""The list of providers: what it shows, to whom, and at which cost."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from organizations.choices import SiteRole
from organizations.models import User
from providers import filters, search
from providers.models import WorkspaceProvider
from tests.factories import (
    make_built_in,
    make_environment,
    make_operation,
    make_organization,
    make_provider,
    make_status_change,
    make_user,
)
from tests.people import add_member, signed_in

LIST = "/manage/admin/workspace-providers/"
PARTIAL = {"HTTP_HX_REQUEST": "true"}


def names_on(response: Any) -> list[str]:
    return [card.provider.name for card in response.context["cards"]]


@pytest.fixture
def manager(site_manager: User) -> Client:
    return signed_in(site_manager)


def test_it_sends_strangers_to_the_sign_in_page_and_back(db: None, client: Client) -> None:
    response = client.get(LIST, {"q": "sydney"})
    assert response.status_code == 302
    assert response["Location"] == f"/sign-in/?next={LIST}%3Fq%3Dsydney"


def test_it_is_forbidden_for_members(member: User) -> None:
    organization = make_organization()
    add_member(organization, member)
    make_provider(organizations=[organization])
    assert signed_in(member).get(LIST).status_code == 403


def test_it_changes_nothing(manager: Client) -> None:
    assert manager.post(LIST).status_code == 405


@pytest.mark.parametrize(
    ("role", "registers"), [(SiteRole.ADMIN, True), (SiteRole.MANAGER, True), (SiteRole.AUDITOR, False)]
)
def test_only_those_who_manage_are_offered_to_register(db: None, role: SiteRole, registers: bool) -> None:
    make_built_in()
    page = signed_in(make_user(role)).get(LIST).content.decode()
    assert "built-in" in page
    assert (f'href="{LIST}new/"' in page) is registers


def test_the_subtitle_counts(manager: Client) -> None:
    make_provider(status="error")
    provider = make_provider()
    for _ in range(3):
        make_environment(provider)
    page = manager.get(LIST).content.decode()
    assert "2 providers, 3 environments" in page
    assert "1 needs attention" in page


def test_it_marks_default_built_in_cordoned_and_broken_ones(manager: Client) -> None:
    make_built_in()
    ago = timezone.now() - timedelta(minutes=14, seconds=5)
    make_provider(status="error", reason="tls_expired", status_since=ago)
    make_provider(cordoned_at=timezone.now(), cordoned_by="mira", cordon_reason="node upgrade until 18:00")
    page = manager.get(LIST).content.decode()
    for mark in (">default<", ">built-in<", "cordoned · node upgrade until 18:00", "error · 14 min"):
        assert mark in page


def test_it_says_what_an_active_operation_is_doing(manager: Client) -> None:
    make_operation(make_provider(), state="running")
    assert ">deploying<" in manager.get(LIST).content.decode()


@pytest.mark.parametrize("text", ["SYDNEY", "sydney.coder", "203.0.113.99", "team-blue", "blue org", "sydney blue"])
def test_it_is_searched_by_name_address_namespace_and_organization(manager: Client, text: str) -> None:
    blue = make_organization(name="Blue organization")
    make_provider(
        name="sydney", cluster_address="https://203.0.113.99:6443", namespace="team-blue", organizations=[blue]
    )
    make_provider(name="europe")
    assert names_on(manager.get(LIST, {"q": text})) == ["sydney"]


@pytest.mark.parametrize("few", [0, 1000])
@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("team 12", ["berlin-12", "oslo", "rome"]),  # "12" is in its own name, or in that of one team or of another
        ("team berlin", ["berlin-12"]),
        ("red team", ["oslo"]),
        ("blue", ["berlin-12", "oslo"]),
        ("blue blue 1", ["berlin-12", "oslo"]),
        ("o_lo team", []),
    ],
)
def test_words_of_few_and_of_many_organizations_find_the_same(
    manager: Client, monkeypatch: pytest.MonkeyPatch, few: int, text: str, names: list[str]
) -> None:
    monkeypatch.setattr(search, "FEW", few)
    monkeypatch.setattr(filters, "FEW", few)
    teams = {name: make_organization(name=name) for name in ("Blue team 1", "Team 12", "Red 12", "Coders")}
    make_provider(name="berlin-12", organizations=[teams["Blue team 1"], teams["Coders"]])
    make_provider(name="oslo", organizations=[teams["Blue team 1"], teams["Red 12"]], status="error")
    make_provider(name="rome", organizations=[teams["Team 12"]], cordoned_at=timezone.now(), cordon_reason="upgrade")
    make_provider(name="paris", organizations=[teams["Coders"]])
    response = manager.get(LIST, {"q": text})
    assert names_on(response) == names
    counts = {facet.value: facet.count for facet in response.context["facets"]}
    assert counts[""] == len(names)
    assert (counts["error"], counts["cordoned"]) == ("oslo" in names, "rome" in names)
    assert names_on(manager.get(LIST, {"q": text, "status": "error"})) == [name for name in names if name == "oslo"]


def test_it_is_filtered_by_status_and_the_counts_follow_the_search(manager: Client) -> None:
    make_provider(name="blue-1", status="error")
    make_provider(name="blue-2", cordoned_at=timezone.now(), cordon_reason="upgrade")
    make_provider(name="red", status="error")
    response = manager.get(LIST, {"q": "blue", "status": "error"})
    assert names_on(response) == ["blue-1"]
    counts = {facet.value: facet.count for facet in response.context["facets"]}
    assert counts == {"": 2, "ready": 1, "error": 1, "pending": 0, "cordoned": 1, "outdated": 0}
    assert names_on(manager.get(LIST, {"status": "cordoned"})) == ["blue-2"]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("name", ["alpha", "beta", "gamma"]),
        ("-name", ["gamma", "beta", "alpha"]),
        ("status", ["gamma", "beta", "alpha"]),
        ("since", ["beta", "alpha", "gamma"]),
        ("created", ["gamma", "alpha", "beta"]),
        ("nonsense", ["alpha", "beta", "gamma"]),
    ],
)
def test_it_is_sorted(manager: Client, sort: str, order: list[str]) -> None:
    now = timezone.now()
    rows = {"alpha": ("ready", 2, 2), "beta": ("pending", 1, 3), "gamma": ("error", 3, 1)}
    for name, (status, since, created) in rows.items():
        make_provider(
            name=name,
            status=status,
            status_since=now - timedelta(hours=since),
            created_at=now - timedelta(days=created),
        )
    assert names_on(manager.get(LIST, {"sort": sort})) == order


def test_it_has_pages_of_fifty_and_sorts_before_it_cuts(manager: Client) -> None:
    for number in range(51):
        make_provider(name=f"p{number:02}")
    assert len(names_on(manager.get(LIST))) == 50
    assert names_on(manager.get(LIST, {"sort": "-name", "page": "2"})) == ["p00"]
    assert names_on(manager.get(LIST, {"page": "99"})) == ["p50"]
    assert len(names_on(manager.get(LIST, {"page": "-1; drop"}))) in (1, 50)


def test_htmx_gets_the_results_alone(manager: Client) -> None:
    make_provider(name="sydney")
    content = manager.get(LIST, {"q": "syd"}, **PARTIAL).content.decode()
    assert content.lstrip().startswith('<section id="provider-results"')
    assert "<html" not in content
    restored = manager.get(LIST, **PARTIAL, HTTP_HX_HISTORY_RESTORE_REQUEST="true")
    assert "<html" in restored.content.decode()


def test_two_kinds_of_nothing_are_told_apart(manager: Client, auditor: User) -> None:
    assert "Register the first one" in manager.get(LIST).content.decode()
    assert "A site manager registers the first one" in signed_in(auditor).get(LIST).content.decode()
    make_provider(name="sydney")
    page = manager.get(LIST, {"q": "nowhere"}).content.decode()
    assert "No provider matches" in page
    assert "Clear filters" in page
    assert 'id="provider-chips"' not in page


def test_bodies_are_rendered_for_the_chosen_ones_or_for_all(manager: Client) -> None:
    chosen, other = make_provider(), make_provider()

    def opened(**query: Any) -> set[WorkspaceProvider]:
        cards = manager.get(LIST, query).context["cards"]
        return {card.provider for card in cards if card.details}

    assert opened() == set()
    assert opened(expanded=[str(chosen.pk), "nonsense", str(uuid4())]) == {chosen}
    assert opened(expand="all") == {chosen, other}


@pytest.mark.parametrize("query", [{"q": "\0"}, {"q": "%_'\"\\" * 100}, {"status": "\0"}, {"expanded": "\0"}])
def test_hostile_addresses_of_the_page_do_no_harm(manager: Client, query: dict[str, str]) -> None:
    make_provider()
    assert manager.get(LIST, query).status_code == 200


def test_the_search_text_is_escaped(manager: Client) -> None:
    make_provider()
    page = manager.get(LIST, {"q": '"><script>alert(1)</script>'}).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def furnish(count: int) -> None:
    """Providers with everything that a card can show."""
    for _ in range(count):
        provider = make_provider(organizations=[make_organization() for _ in range(5)], status="error")
        make_environment(provider)
        make_operation(provider, state="running", lines=["one", "two"])
        for hours in range(12):
            make_status_change(provider, at=timezone.now() - timedelta(hours=hours))


def queries_of(request: Callable[[], Any]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert request().status_code == 200
    return len(captured)


@pytest.mark.parametrize(("query", "most"), [({}, 5), ({"q": "pro organ"}, 7), ({"expand": "all"}, 12)])
def test_the_number_of_queries_does_not_grow_with_the_rows(manager: Client, query: dict[str, str], most: int) -> None:
    furnish(2)
    few = queries_of(lambda: manager.get(LIST, query))
    furnish(6)
    assert queries_of(lambda: manager.get(LIST, query)) == few <= most
