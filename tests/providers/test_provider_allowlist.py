"""The allowlist of a provider on its page, in two steps."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import AuditEvent
from organizations.models import Organization, User
from providers.models import AllowlistEntry, WorkspaceProvider
from tests.factories import make_environment, make_organization, make_provider, make_user
from tests.people import add_member, signed_in
from tests.providers.allowlist_forms import confirmed, path_of, sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(site_manager: User) -> Client:
    return signed_in(site_manager)


@pytest.fixture
def platform() -> Organization:
    organization = make_organization(name="Platform")
    make_provider(name="home", organizations=[organization])
    return organization


@pytest.fixture
def sydney(platform: Organization) -> WorkspaceProvider:
    return make_provider(name="sydney", organizations=[platform])


def state(provider: WorkspaceProvider) -> dict[str, bool]:
    """Names of the organizations there, and whether they are closing."""
    return dict(AllowlistEntry.objects.filter(provider=provider).values_list("organization__name", "closing"))


def test_it_shows_who_may_and_what_each_has_there(
    client: Client, sydney: WorkspaceProvider, platform: Organization
) -> None:
    make_organization(name="Other")
    make_environment(sydney, organization=platform, status="on")
    make_environment(sydney, organization=platform, status="off")
    rows = client.get(path_of(sydney)).context["grid"].organization_rows()
    assert [(each.name, cell.is_allowed) for each, cell, _ in rows] == [("Other", False), ("Platform", True)]
    assert "1 running, 1 stopped" in client.get(path_of(sydney)).text


def test_it_asks_first_and_says_what_it_means(
    client: Client, sydney: WorkspaceProvider, platform: Organization
) -> None:
    add_member(platform, make_user())
    page = client.post(path_of(sydney), sent(client, path_of(sydney), allowed=[]))
    assert "Platform may not use sydney any more." in page.text
    assert "1 person in 1 organization is affected, with no environments there." in page.text
    assert state(sydney) == {"Platform": False}
    assert not AuditEvent.objects.filter(action="allowlist.change").exists()


def test_then_it_does_it_and_says_so(client: Client, sydney: WorkspaceProvider) -> None:
    make_organization(name="Other")
    page = client.post(path_of(sydney), sent(client, path_of(sydney), allowed=["Other", "Platform"]))
    done = confirmed(client, page)
    assert done.redirect_chain == [(path_of(sydney), 302)]
    assert "Other may place environments on sydney." in done.text
    assert state(sydney) == {"Platform": False, "Other": False}


def test_closing_is_a_choice_where_environments_are(
    client: Client, sydney: WorkspaceProvider, platform: Organization
) -> None:
    assert 'name="closing"' not in client.get(path_of(sydney)).text
    make_environment(sydney, organization=platform)
    assert 'name="closing"' in client.get(path_of(sydney)).text
    page = client.post(path_of(sydney), sent(client, path_of(sydney), closing=["Platform"]))
    assert "Platform goes on with what it has on sydney" in page.text
    confirmed(client, page)
    assert state(sydney) == {"Platform": True}


def test_who_would_be_left_without_a_usable_provider_is_warned_about(client: Client, sydney: WorkspaceProvider) -> None:
    WorkspaceProvider.objects.filter(name="home").update(status="error")
    page = client.post(path_of(sydney), sent(client, path_of(sydney), allowed=[]))
    assert "No provider would take new environments of Platform any more." in page.text


def test_a_refusal_names_the_environments_by_owner_and_keeps_the_form(
    client: Client, sydney: WorkspaceProvider, platform: Organization
) -> None:
    ada = make_user(email="ada@example.com", name="Ada")
    for name in ("engine", "notes"):
        make_environment(sydney, organization=platform, owner=ada, name=name)
    page = client.post(path_of(sydney), sent(client, path_of(sydney), allowed=[]))
    assert "Platform still has 2 environments on sydney." in page.text
    assert page.text.count("ada@example.com") == 1
    assert "engine" in page.text
    assert "notes" in page.text
    rows = page.context["grid"].organization_rows()
    assert [(cell.is_allowed, letter) for _, cell, letter in rows] == [(False, "o")]
    assert state(sydney) == {"Platform": False}


def test_close_instead_is_offered_and_works(client: Client, sydney: WorkspaceProvider, platform: Organization) -> None:
    make_environment(sydney, organization=platform)
    refused = client.post(path_of(sydney), sent(client, path_of(sydney), allowed=[]))
    pair = refused.context["refusals"][0]["pair"]
    assert f'name="close_instead" value="{pair}"' in refused.text
    text = refused.context["changes_text"]
    page = client.post(path_of(sydney), {"changes_text": text, "close_instead": pair})
    confirmed(client, page)
    assert state(sydney) == {"Platform": True}


def test_many_refusals_are_closed_at_once(client: Client, sydney: WorkspaceProvider) -> None:
    home = WorkspaceProvider.objects.get(name="home")
    for number in range(60):
        organization = make_organization(name=f"team {number}")
        AllowlistEntry.objects.create(provider=home, organization=organization)
        make_environment(sydney, organization=organization)
    refused = client.post(path_of(sydney), sent(client, path_of(sydney), allowed=["Platform"]))
    assert len(refused.context["refusals"]) == 50
    assert "And 10 more." in refused.text
    assert 'name="close_instead" value="all"' in refused.text
    text = refused.context["changes_text"]
    confirmed(client, client.post(path_of(sydney), {"changes_text": text, "close_instead": "all"}))
    assert set(state(sydney).items()) == {("Platform", False), *((f"team {number}", True) for number in range(60))}


def queries_of(client: Client, path: str, fields: dict[str, Any]) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.post(path, fields).status_code == 200
    return len(queries)


def test_the_page_that_asks_needs_as_many_queries_for_many_changes(client: Client, sydney: WorkspaceProvider) -> None:
    names = [make_organization().name for _ in range(20)]
    one, many = (sent(client, path_of(sydney), allowed=["Platform", *names[:number]]) for number in (1, 20))
    assert queries_of(client, path_of(sydney), one) == queries_of(client, path_of(sydney), many)


def test_a_refusal_needs_as_many_queries_for_many_environments(client: Client, sydney: WorkspaceProvider) -> None:
    make_environment(sydney)
    few = queries_of(client, path_of(sydney), sent(client, path_of(sydney), allowed=["Platform"]))
    for _ in range(20):
        make_environment(sydney)
    assert queries_of(client, path_of(sydney), sent(client, path_of(sydney), allowed=["Platform"])) == few


def test_the_last_provider_is_refused_without_an_offer_to_close(client: Client, platform: Organization) -> None:
    home = WorkspaceProvider.objects.get(name="home")
    page = client.post(path_of(home), sent(client, path_of(home), allowed=[]))
    assert "Platform would be left without a provider." in page.text
    assert "Close instead" not in page.text


def test_what_somebody_else_changed_meanwhile_stays(
    client: Client, sydney: WorkspaceProvider, platform: Organization
) -> None:
    """The form was opened before Other was let in; sending it again must not take Other out."""
    other = make_organization(name="Other")
    fields = sent(client, path_of(sydney), allowed=[])
    AllowlistEntry.objects.create(provider=sydney, organization=other)
    confirmed(client, client.post(path_of(sydney), fields))
    assert state(sydney) == {"Other": False}


def test_a_change_of_the_same_entry_meanwhile_is_asked_about_again(
    client: Client, sydney: WorkspaceProvider, platform: Organization
) -> None:
    make_environment(sydney, organization=platform)
    asked = client.post(path_of(sydney), sent(client, path_of(sydney), closing=["Platform"]))
    AllowlistEntry.objects.filter(provider=sydney, organization=platform).update(closing=True)
    done = confirmed(client, asked)
    assert "Nothing was changed." in done.text
    asked = client.post(path_of(sydney), {"changes_text": asked.context["changes_text"].replace(".oc", ".no")})
    assert "Somebody else changed this in the meantime." in asked.text
    assert state(sydney) == {"Platform": True}


def test_unchanged_it_writes_nothing(client: Client, sydney: WorkspaceProvider) -> None:
    page = client.post(path_of(sydney), sent(client, path_of(sydney)), follow=True)
    assert "Nothing was changed." in page.text
    assert not AuditEvent.objects.filter(action="allowlist.change").exists()


@pytest.mark.parametrize(
    "damage",
    [
        {"shown": ""},
        {"shown": "x"},
        {"shown": "oooo"},
        {"organizations": "nonsense"},
        {"organizations": "\0"},
        {"providers": "0" * 31},
        {"allowed": ["-1"]},
        {"allowed": ["1e9"]},
        {"closing": ["\0"]},
        {"changes_text": "nonsense"},
        {"changes_text": f"{'0' * 32}.{'0' * 32}.zz"},
        {"changes_text": f"{'0' * 32}.{'0' * 32}.on"},
        {"changes_text": "\0"},
        {"changes_text": "", "close_instead": "nonsense"},
    ],
)
def test_a_damaged_form_is_said_and_changes_nothing(
    client: Client, sydney: WorkspaceProvider, damage: dict[str, Any]
) -> None:
    fields = sent(client, path_of(sydney)) | damage
    for path in (path_of(sydney), f"{path_of(sydney)}save/"):
        page = client.post(path, fields, follow=True)
        assert page.status_code == 200
        assert "The form could not be read." in page.text
    assert state(sydney) == {"Platform": False}


def test_another_provider_can_not_be_changed_from_here(client: Client, sydney: WorkspaceProvider) -> None:
    tokyo, other = make_provider(), make_organization()
    client.post(f"{path_of(sydney)}save/", {"changes_text": f"{tokyo.pk.hex}.{other.pk.hex}.no"})
    assert not tokyo.allowlist.exists()


def test_an_organization_that_is_gone_is_said(client: Client, sydney: WorkspaceProvider) -> None:
    other = make_organization()
    text = f"{sydney.pk.hex}.{other.pk.hex}.no"
    other.delete()
    page = client.post(path_of(sydney), {"changes_text": text}, follow=True)
    assert "An organization was deleted in the meantime." in page.text


def test_it_is_searched_on_the_server_and_changes_only_what_is_shown(client: Client, sydney: WorkspaceProvider) -> None:
    make_organization(name="Other")
    path = f"{path_of(sydney)}?q=oth"
    assert [each.name for each in client.get(path).context["grid"].organizations] == ["Other"]
    confirmed(client, client.post(path, sent(client, path, allowed=["Other"])))
    assert state(sydney) == {"Platform": False, "Other": False}


@pytest.mark.parametrize("text", ["", "\0", "%00", "x" * 5000, "'; drop table"])
def test_any_search_is_answered(client: Client, sydney: WorkspaceProvider, text: str) -> None:
    assert client.get(path_of(sydney), {"q": text}).status_code == 200


def test_it_asks_a_constant_number_of_queries(
    client: Client, sydney: WorkspaceProvider, django_assert_max_num_queries: Any
) -> None:
    for _ in range(30):
        make_environment(sydney)
    with django_assert_max_num_queries(9):
        client.get(path_of(sydney))


def test_names_are_escaped(client: Client, sydney: WorkspaceProvider) -> None:
    make_organization(name="<script>alert(1)</script>")
    assert "<script>alert(1)" not in client.get(path_of(sydney)).text


def test_the_card_leads_here(client: Client, sydney: WorkspaceProvider) -> None:
    page = client.get(reverse("providers:provider_detail", args=[sydney.pk])).text
    assert page.count(f'href="{path_of(sydney)}"') == 2
