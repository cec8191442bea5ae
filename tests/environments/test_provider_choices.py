"""The providers in the create form: what each choice says and where it leads."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from organizations.models import Organization, User
from tests.environments.things import make_member
from tests.factories import make_provider
from tests.people import make_organization, signed_in

pytestmark = pytest.mark.django_db
NEW = "/environments/new/"


@pytest.fixture
def organization() -> Organization:
    return make_organization(name="Data Science")


@pytest.fixture
def client(organization: Organization) -> Client:
    return signed_in(make_member(organization))


def why(organization: Organization, *, person: str = "") -> str:
    return f"{reverse('environments:why')}?organization={organization.pk}{person}&amp;provider="


def test_what_can_t_be_says_why_and_leads_to_all_the_rules(client: Client, organization: Organization) -> None:
    refused = make_provider(
        name="<b>", organizations=[organization], status="error", cordoned_at=timezone.now(), cordon_reason="<i>"
    )
    page = client.get(NEW).text
    assert f'id="provider-{refused.pk}" disabled' in page
    assert "<b></label>" not in page
    assert "&lt;b&gt; is cordoned: &lt;i&gt;. &lt;b&gt; is Error." in page
    assert f'<a href="{why(organization)}{refused.pk}">Why?</a>' in page


def test_whoever_creates_for_somebody_else_asks_about_that_person(
    organization: Organization, site_manager: User
) -> None:
    make_provider(organizations=[organization], status="pending")
    make_member(organization, email="ada+1@example.com")
    page = signed_in(site_manager).get(NEW, {"organization": str(organization.pk), "owner": "ada+1@example.com"}).text
    assert why(organization, person="&amp;person=ada%2B1%40example.com") in page


def test_each_choice_shows_its_marks(client: Client, organization: Organization) -> None:
    make_provider(name="home", is_default=True, organizations=[organization])
    page = client.get(NEW).text
    assert page.count('<span class="tag">default</span>') == 1
    assert '<span class="chip ready">Ready</span>' in page
    assert "cordoned</span>" not in page


def test_a_default_that_is_not_for_the_organization_is_told(client: Client, organization: Organization) -> None:
    make_provider(name="home", is_default=True)
    make_provider(name="sydney", organizations=[organization])
    page = client.get(NEW).text
    assert "Data Science is not on the allowlist of home." in page
    assert "sydney is preselected instead" in page
