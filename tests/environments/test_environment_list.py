"""The list of environments: whose they are, filters, sort, pages, and chips that keep it fresh."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from environments.models import Environment
from organizations.choices import OrganizationRole
from organizations.models import User
from tests.environments.things import make_member, make_work
from tests.factories import make_environment, make_provider
from tests.people import make_organization, make_user, signed_in

pytestmark = pytest.mark.django_db
LIST = "/environments/"


@pytest.fixture
def client(site_manager: User) -> Client:
    return signed_in(site_manager)


def names(client: Client, **query: Any) -> list[str]:
    return [row.environment.name for row in client.get(LIST, query).context["rows"]]


def test_a_person_sees_the_own_and_a_manager_those_of_the_organization(client: Client) -> None:
    organization = make_organization()
    owner, manager = make_member(organization), make_member(organization, OrganizationRole.MANAGER)
    make_environment(owner=owner, organization=organization, name="hers")
    make_environment(owner=owner, name="hers-elsewhere")
    make_environment(organization=organization, name="of-a-colleague")
    make_environment(owner=manager, name="managers-own")
    assert names(signed_in(owner)) == ["hers", "hers-elsewhere"]
    assert names(signed_in(manager)) == ["hers", "managers-own", "of-a-colleague"]
    assert len(names(client)) == 4


def test_only_who_sees_others_is_told_whose_they_are(client: Client, member: User) -> None:
    make_environment(owner=member)
    assert "Owner's e-mail" not in signed_in(member).get(LIST).text
    page = client.get(LIST).text
    assert "Owner's e-mail" in page
    assert member.email in page


def test_a_row_leads_to_its_page_and_says_where_and_how_large_it_is_and_nothing_typed_is_markup(client: Client) -> None:
    owner, organization = make_user(name="<b>Ada", email="a&b@example.com"), make_organization(name="R&D")
    dev = make_environment(owner=owner, organization=organization, name="dev", cpu_cores="0.5", gpus=2)
    page = client.get(LIST).text
    assert f'<a href="{reverse("environments:environment_detail", args=[dev.pk])}">dev</a>' in page
    assert '<span title="a&amp;b@example.com">&lt;b&gt;Ada</span>' in page
    assert '<td data-label="Organization">R&amp;D</td>' in page
    assert f'<td data-label="Provider">{dev.provider.name}</td>' in page
    assert "0.5 CPU · 4 GB · 10 GB disk · 2 GPUs" in page


def test_without_any_it_says_what_one_is_and_how_to_get_one(member: User) -> None:
    page = signed_in(member).get(LIST).text
    assert "No environments yet" in page
    assert f'href="{reverse("environments:environment_create")}"' in page
    assert 'role="search"' not in page


def test_each_filter_narrows_it_and_so_do_all_together(client: Client) -> None:
    owner, organization, provider = make_user(email="ada@example.com"), make_organization(), make_provider()
    place = {"owner": owner, "organization": organization}
    make_environment(provider, **place, name="wanted", status="failed")
    make_environment(provider, name="same-provider")
    make_environment(**place, name="same-place", image="codercom/golang")
    query = {"provider": str(provider.pk)}
    assert names(client, **query) == ["same-provider", "wanted"]
    assert names(client, organization=str(organization.pk)) == ["same-place", "wanted"]
    assert names(client, owner="Ada@example.com") == ["same-place", "wanted"]
    assert names(client, status="failed") == ["wanted"]
    assert names(client, q="ada golang") == ["same-place"]
    assert names(client, **query, status="failed", owner="ada@example.com", q="wanted") == ["wanted"]


def test_nothing_found_says_so_and_offers_the_way_back(client: Client) -> None:
    make_environment()
    page = client.get(LIST, {"q": "nowhere"}).text
    assert "No environment matches" in page
    assert "Clear filters" in page


@pytest.mark.parametrize(
    "query",
    [
        {"q": "a\0b" + "x" * 5000},
        {"provider": "not-an-id"},
        {"organization": "'; --"},
        {"status": "exploded"},
        {"sort": "password"},
        {"owner": "\0"},
        {"page": "-7"},
        {"page": "many"},
    ],
)
def test_an_address_that_makes_no_sense_still_shows_a_list(query: dict[str, str], client: Client) -> None:
    make_environment()
    assert client.get(LIST, query).status_code == 200


def test_it_is_sorted_over_all_pages(client: Client) -> None:
    now = timezone.now()
    for number, status in enumerate(["off", "on", "creating", "unknown", "failed"]):
        owner = make_user(email=f"{9 - number}@example.com")
        make_environment(owner=owner, name=f"n{number}", status=status, status_since=now - timedelta(hours=number))
    by_urgency = ["n4", "n3", "n2", "n1", "n0"]
    assert names(client, sort="status") == by_urgency
    assert names(client, sort="owner") == by_urgency
    assert names(client, sort="since") == ["n0", "n1", "n2", "n3", "n4"]
    assert names(client, sort="created") == by_urgency
    assert names(client) == ["n0", "n1", "n2", "n3", "n4"]


def test_fifty_are_on_a_page_and_the_links_keep_the_filters(client: Client, member: User) -> None:
    provider, organization = make_provider(), make_organization()
    for number in range(51):
        make_environment(provider, owner=member, organization=organization, name=f"n{number:02}")
    answer = client.get(LIST, {"owner": member.email, "sort": "name"})
    assert len(answer.context["rows"]) == 50
    assert "owner=member%40example.com&amp;sort=name&amp;page=2" in answer.text
    assert names(client, page="2") == ["n50"]


def test_a_fragment_is_the_results_alone(client: Client) -> None:
    make_environment(name="dev")
    page = client.get(LIST, headers={"HX-Request": "true"}).text
    assert page.lstrip().startswith('<section id="environment-results"')
    assert "dev" in page


def test_more_rows_cost_no_more_queries(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for _ in range(2):
        for _ in range(5):
            make_work(make_environment())
        with django_assert_num_queries(4):
            client.get(LIST)


def test_it_polls_only_while_something_moves(client: Client) -> None:
    environment = make_environment(status="on")
    assert "every 2s" not in client.get(LIST).text
    work = make_work(environment, kind="stop")
    page = client.get(LIST).text
    assert "every 2s" in page
    assert "Stopping" in page
    work.delete()
    Environment.objects.update(status="creating")
    assert "every 2s" in client.get(LIST).text


def chips(client: Client, *environments: Environment, state: str = "") -> Any:
    ids = ",".join(str(environment.pk) for environment in environments)
    return client.get(reverse("environments:environment_chips"), {"ids": ids, "state": state})


def test_chips_come_when_one_has_changed_and_end_when_nothing_moves(client: Client) -> None:
    still, moving = make_environment(status="off"), make_environment(status="creating")
    answer = chips(client, still, moving)
    assert answer.status_code == 200
    assert f'id="environment-chip-{moving.pk}" hx-swap-oob="true"' in answer.text
    assert "every 2s" in answer.text
    assert chips(client, still, moving, state=answer.context["state"]).status_code == 204
    Environment.objects.update(status="on")
    answer = chips(client, still, moving, state=answer.context["state"])
    assert answer.status_code == 286
    assert "every 2s" not in answer.text
    assert "On" in answer.text


def test_the_chip_of_one_that_is_gone_says_so(client: Client) -> None:
    gone, moving = make_environment(), make_environment(status="creating")
    Environment.objects.filter(pk=gone.pk).delete()
    page = chips(client, gone, moving).text
    assert "deleted" in page.partition(f'id="environment-chip-{gone.pk}" hx-swap-oob="true"')[2]


def test_ids_that_are_none_are_passed_over(client: Client) -> None:
    assert client.get(reverse("environments:environment_chips"), {"ids": "x,,1"}).status_code == 286


@pytest.mark.parametrize(
    ("status", "look"),
    [("on", "ready"), ("off", "pending"), ("creating", "pending busy"), ("failed", "error"), ("unknown", "pending")],
)
def test_each_status_has_its_look_and_its_word(status: str, look: str, client: Client) -> None:
    make_environment(status=status)
    page = client.get(LIST).text
    assert f'<span class="chip {look}">{status.capitalize()}' in page


def test_the_first_page_of_a_member_is_this_list(member: User, site_manager: User) -> None:
    assert signed_in(member).get("/", follow=True).redirect_chain == [(LIST, 302)]
    assert signed_in(site_manager).get("/")["Location"] != LIST
    assert f'href="{LIST}"' in signed_in(site_manager).get("/account/").text
