"""An allowlist of more organizations than one form can send."""

import pytest
from django.test import Client

from organizations.models import Organization, User
from providers.models import AllowlistEntry
from tests.factories import make_environment, make_provider
from tests.people import signed_in
from tests.providers.allowlist_forms import confirmed, path_of, sent

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(site_manager: User) -> Client:
    return signed_in(site_manager)


def test_three_thousand_organizations_are_sent_page_by_page_without_script(client: Client) -> None:
    sydney, home = make_provider(name="sydney"), make_provider(name="home")
    organizations = Organization.objects.bulk_create(
        Organization(name=f"team {number:04}") for number in range(3000 - Organization.objects.count())
    )
    AllowlistEntry.objects.bulk_create(
        AllowlistEntry(provider=provider, organization=each)
        for each in organizations
        for provider in ((home, sydney) if each.name < "team 0400" else (home,))
    )
    make_environment(sydney, organization=organizations[0])
    path: str | None = path_of(sydney)
    pages = 0
    while path:
        page, pages = client.get(path).context["page"], pages + 1
        boxes = range(len(page))
        body = sent(client, path) | {"allowed": list(boxes), "closing": list(boxes) if pages == 1 else []}
        done = confirmed(client, client.post(path, body | {"csrfmiddlewaretoken": "x"}))
        assert f"page={pages}" in done.redirect_chain[-1][0] or pages == 1
        path = f"{path_of(sydney)}?page={page.next_page_number()}" if page.has_next() else None
    assert pages == 8
    entries = AllowlistEntry.objects.filter(provider=sydney)
    assert entries.count() + 399 == Organization.objects.count()
    assert entries.get(closing=True).organization == organizations[0]
