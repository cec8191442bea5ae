"""The list of environments, and the create form, read what they show, and not the tables."""

import pytest
from django.db import connection

from environments.filters import EnvironmentFilter
from environments.models import Environment
from environments.offers import MOST_MEASURED, offered_somewhere
from organizations.models import User
from providers.models import AllowlistEntry, WorkspaceProvider
from tests.factories import make_provider
from tests.people import make_organization, make_user
from tests.plans import plan_of

pytestmark = pytest.mark.django_db
ROWS, PAGE = 5_000, 50


@pytest.fixture
def many() -> None:
    organization = make_organization()
    provider = make_provider(organizations=[organization])
    place = {"owner": make_user(), "organization": organization, "provider": provider}
    Environment.objects.bulk_create(Environment(name=f"e{number}", image="base", **place) for number in range(ROWS))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE environments_environment")


def test_the_first_page_is_found_by_an_index_without_sorting(many: None) -> None:
    nodes, read = plan_of(EnvironmentFilter().narrowed(Environment.objects.all()).values("pk")[:PAGE])
    assert nodes & {"Seq Scan", "Sort"} == set()
    assert read == PAGE


def test_the_measured_providers_of_all_organizations_are_found_by_name_without_reading_the_allowlists(
    site_admin: User,
) -> None:
    organizations = [make_organization(name=f"Team {number}") for number in range(5)]
    providers = WorkspaceProvider.objects.bulk_create(
        WorkspaceProvider(
            name=f"p{number}", hostname="https://p.example.com", cluster_address=f"https://{number}.example.com"
        )
        for number in range(1_000)
    )
    AllowlistEntry.objects.bulk_create(
        AllowlistEntry(provider=provider, organization=organization)
        for provider in providers
        for organization in organizations
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    nodes, read = plan_of(offered_somewhere(site_admin)[:MOST_MEASURED])
    assert "Seq Scan" not in nodes
    assert read <= MOST_MEASURED + 1
