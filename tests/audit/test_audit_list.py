"""Manage > Audit: what it shows, how it is narrowed, and how one goes on to older events."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from audit.services import Actor, record
from organizations.models import Organization, User
from tests.audit.events import make_event
from tests.factories import make_environment, make_provider
from tests.people import make_organization, make_user, signed_in

pytestmark = pytest.mark.django_db

LIST = "/manage/audit/"


@pytest.fixture
def client(site_manager: User) -> Client:
    return signed_in(site_manager)


def events_of(client: Client, **query: Any) -> list[AuditEvent]:
    """But for the sign-in of the reader."""
    return shown(client.get(LIST, query))


def shown(response: Any) -> list[AuditEvent]:
    assert response.status_code == 200
    events = [line.event for line in response.context["lines"]]
    return [event for event in events if event.actor_name != "manager@example.com"]


def test_it_needs_no_cursor_that_lasts(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a pooler the next statement may have another session: the list of organizations failed there, at times."""
    monkeypatch.setattr(connection, "chunked_cursor", lambda: pytest.fail("a cursor on the server"))
    assert client.get(LIST).status_code == 200


def test_an_event_is_told_in_words_with_its_code_and_what_changed(client: Client, member: User) -> None:
    provider = make_provider(name="sydney")
    make_event(
        member, target=provider, action="provider.cordon", before={"cordoned": False}, after={"reason": "upgrade"}
    )
    page = client.get(LIST).text
    for told in ("Cordon the provider", "provider.cordon", "member@example.com", "Succeeded", "upgrade", ">no<"):
        assert told in page
    assert f'href="/manage/admin/workspace-providers/{provider.pk}/"' in page


def test_a_secret_stays_hidden(client: Client) -> None:
    make_event(after={"password": "******"})
    assert "******" in client.get(LIST).text


def test_what_is_gone_has_no_link_but_its_name(client: Client, member: User) -> None:
    make_event(target=member)
    assert f'href="/manage/users/{member.pk}/"' in client.get(LIST).text
    member.delete()
    page = client.get(LIST).text
    assert f'href="/manage/users/{member.pk}/"' not in page
    assert "member@example.com" in page


def test_an_auditor_gets_only_links_that_open(auditor: User, member: User) -> None:
    provider, environment = make_provider(), make_environment()
    for target in (provider, environment, member, make_organization()):
        make_event(target=target)
    client = signed_in(auditor)
    links = set(re.findall(r'class="object">.*?href="([^"]+)"', client.get(LIST).text))
    assert links == {f"/manage/admin/workspace-providers/{provider.pk}/"}
    assert {client.get(link).status_code for link in links} == {200}


HOSTILE = "\"'><b>{x}{{ y }}&lt;%s"


def test_whatever_an_event_holds_is_text(client: Client, member: User) -> None:
    """In the list, in the history of an organization, on the page of the object, and in the filter."""
    hostile = make_user(email=f"{HOSTILE}@example.com")
    organization = make_organization(name=HOSTILE)
    told = {"before": {HOSTILE: HOSTILE, "nested": {HOSTILE: HOSTILE}}, "after": {HOSTILE: [HOSTILE]}}
    actor = Actor(user=hostile, token_name=HOSTILE)
    for target in (member, User(email=HOSTILE)):
        record(actor=actor, action=HOSTILE, target=target, organization=organization.pk, **told)
    histories = [reverse("organizations:organization_history", args=[organization.pk]), f"/manage/users/{member.pk}/"]
    for path in (LIST, f"{LIST}?organization={organization.pk}", *histories):
        page = client.get(path).text
        assert page.count("&lt;b&gt;{x}{{ y }}&amp;lt;%s") >= 8, path
        assert "<b>{x}" not in page, path
        assert "\"'" not in page, path


def test_a_value_that_was_not_told_is_a_dash(client: Client) -> None:
    make_event(before={"name": ""}, after={"size": 0})
    cells = re.findall(r'<td data-label="(\w+)">([^<]*)</td>', client.get(LIST, {"action": "user.create"}).text)
    dash = "\N{EN DASH}"
    assert cells == [("Before", "nothing"), ("After", dash), ("Before", dash), ("After", "0")]


def test_the_filter_keeps_what_was_chosen(client: Client) -> None:
    page = client.get(LIST, {"action": "provider.cordon", "outcome": "failed"}).text
    assert re.findall(r'<option value="([^"]*)" selected', page) == ["provider.cordon", "failed", ""]
    assert '<optgroup label="Workspace providers"><option value="provider">Workspace providers: all</option>' in page


@pytest.fixture
def platform() -> Organization:
    return make_organization(name="Platform")


@pytest.fixture
def told(platform: Organization) -> dict[str, AuditEvent]:
    ada, mira = make_user(email="ada@example.com"), make_user(email="mira@example.com")
    return {
        "deploy": make_event(ada, action="provider.deploy", outcome="requested"),
        "cordon": make_event(mira, action="provider.cordon", target=User(email="sydney")),
        "member": make_event(mira, action="organization.add_member", organization=platform.pk),
        "sign in": make_event(ada, action="user.sign_in", outcome="failed"),
        "role": make_event(mira, action="user.set_site_role", target=ada),
    }


FILTERS: dict[str, tuple[dict[str, str], set[str]]] = {
    "nothing": ({}, {"deploy", "cordon", "member", "sign in", "role"}),
    "person": ({"person": "ada@example.com"}, {"deploy", "sign in"}),
    "person in capitals": ({"person": "Ada@Example.com"}, {"deploy", "sign in"}),
    "area": ({"action": "provider"}, {"deploy", "cordon"}),
    "sign-in": ({"action": "sign_in"}, {"sign in"}),
    "users include sign-in": ({"action": "user"}, {"sign in", "role"}),
    "action": ({"action": "provider.cordon"}, {"cordon"}),
    "outcome": ({"outcome": "failed"}, {"sign in"}),
    "word": ({"q": "SYDN"}, {"cordon"}),
    "words": ({"q": "mira role"}, {"role"}),
    "percent is no wildcard": ({"q": "%"}, set()),
    "two together": ({"person": "ada@example.com", "outcome": "requested"}, {"deploy"}),
    "from the future": ({"since": "2999-01-01T00:00"}, set()),
    "before we were": ({"until": "2000-01-01"}, set()),
    "until the future": (
        {"since": "2000-01-01", "until": "2999-01-01 10:00"}, {"deploy", "cordon", "member", "sign in", "role"}
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILTERS)
def test_it_is_narrowed(name: str, client: Client, told: dict[str, AuditEvent]) -> None:
    query, expected = FILTERS[name]
    assert set(events_of(client, **query)) == {told[each] for each in expected}


def test_it_is_narrowed_to_an_organization_and_to_an_object(
    client: Client, told: dict[str, AuditEvent], platform: Organization
) -> None:
    assert events_of(client, organization=platform.pk) == [told["member"]]
    assert events_of(client, object=f"user:{told['role'].target_id}") == [told["role"]]


@pytest.mark.parametrize(
    "query",
    [
        {"since": "yesterday"},
        {"until": "2026-13-45T00:00"},
        {"since": "2026-02-01", "until": "2026-01-01"},
        {"action": "fly"},
        {"outcome": "maybe"},
        {"organization": "none"},
        {"object": "user"},
        {"object": "user:' OR 1=1"},
        {"q": "\0"},
        {"q": "x" * 256},
    ],
)
def test_a_filter_that_makes_no_sense_is_told_and_shows_nothing(
    query: dict[str, str], client: Client, told: dict[str, AuditEvent]
) -> None:
    response = client.get(LIST, query)
    assert response.status_code == 200
    assert response.context["lines"] == []
    assert response.context["form"].errors
    assert "The filter can't be used" in response.text


def test_older_and_newer_pages_hold_every_event_once(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [make_event(after={"number": number}).pk for number in range(120)]
    pages, response = [], client.get(LIST)
    while True:
        pages.append([event.pk for event in shown(response)])
        older = response.context["page"].older
        if older is None:
            break
        response = client.get(LIST, {"older": str(older)})
    assert [pk for page in pages for pk in page] == made[::-1]
    assert [len(page) for page in pages] == [50, 50, 20]
    response = client.get(LIST, {"newer": str(response.context["page"].newer)})
    assert [event.pk for event in shown(response)] == pages[1]
    response = client.get(LIST, {"newer": str(response.context["page"].newer)})
    assert [event.pk for event in shown(response)] == pages[0]
    assert response.context["page"].newer is None


def test_events_of_the_same_moment_are_neither_lost_nor_repeated(client: Client) -> None:
    from audit.services import SYSTEM, event_of, record_all

    at = make_event().at
    events = [event_of(actor=SYSTEM, action="user.create", target=None) for _ in range(60)]
    AuditEvent._meta.get_field("at").auto_now_add = False  # type: ignore[union-attr]
    try:
        for event in events:
            event.at = at
        record_all(events)
    finally:
        AuditEvent._meta.get_field("at").auto_now_add = True  # type: ignore[union-attr]
    first = client.get(LIST)
    second = events_of(client, older=str(first.context["page"].older))
    assert len({event.pk for event in shown(first)} | {event.pk for event in second}) == 61


@pytest.mark.parametrize("place", ["", "x", "1", "1-", "-1--1", "9" * 17 + "-1", "1-" + "9" * 18, "1-" + "9" * 40])
def test_a_place_that_is_none_never_fails(place: str, client: Client) -> None:
    make_event()
    for name in ("older", "newer"):
        assert client.get(LIST, {name: place}).status_code == 200


def test_the_links_to_other_pages_and_exports_keep_the_filter(client: Client) -> None:
    for _ in range(51):
        make_event(action="provider.cordon")
    query = {"action": "provider.cordon", "q": "some"}
    page = client.get(LIST, query).text
    links = re.findall(r'href="([^"]*older=[^"]+|[^"]*export[^"]+)"', page)
    assert len(links) == 3
    for link in links:
        assert urlencode(query).replace("&", "&amp;") in link


@pytest.mark.parametrize("query", [{"action": "provider.cordon"}, {"q": "nobody-at-all"}])
def test_a_filter_is_cleared_by_a_link(query: dict[str, str], client: Client) -> None:
    make_event(action="provider.cordon")
    link = f'href="{LIST}">Clear filters</a>'
    assert link in client.get(LIST, query).text
    assert link not in client.get(LIST).text


def test_a_request_of_htmx_gets_the_results_only(client: Client) -> None:
    make_event()
    assert client.get(LIST, headers={"HX-Request": "true"}).text.lstrip().startswith('<section id="audit-results"')


def test_nothing_found_is_told(client: Client) -> None:
    assert "No event matches" in client.get(LIST, {"q": "nobody-at-all"}).text


def test_it_asks_a_constant_number_of_queries(client: Client, django_assert_num_queries: Any) -> None:
    def some() -> None:
        for target in (make_provider(), make_environment(), make_user(), make_organization()):
            make_event(make_user(), target=target)

    some()
    with django_assert_num_queries(8):
        client.get(LIST)
    for _ in range(8):
        some()
    with django_assert_num_queries(8):
        client.get(LIST)
