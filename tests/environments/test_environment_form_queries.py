"""What the form to create an environment asks of the database, however much there is to choose from."""

import pytest
from pytest_django import DjangoAssertNumQueries

from organizations.models import Organization, User
from providers.models import WorkspaceProvider
from tests.environments.things import make_member
from tests.factories import make_environment, make_provider
from tests.people import make_organization, signed_in

pytestmark = pytest.mark.django_db
NEW = "/environments/new/"


@pytest.fixture
def organization() -> Organization:
    return make_organization(quota_cpu_cores=4)


@pytest.fixture
def default(organization: Organization) -> WorkspaceProvider:
    return make_provider(is_default=True, organizations=[organization])


def test_more_providers_cost_no_more_queries(
    organization: Organization,
    default: WorkspaceProvider,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client = signed_in(make_member(organization))
    counts = []
    for _ in range(2):
        for number in range(5):
            make_provider(organizations=[organization], status=["ready", "error"][number % 2])
            make_environment(default, organization=organization)
        client.get(NEW)  # what a process remembers for a moment is asked now
        with django_assert_max_num_queries(7) as queries:
            client.get(NEW)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_more_organizations_cost_no_more_queries(
    site_admin: User, default: WorkspaceProvider, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(site_admin)
    counts = []
    for _ in range(2):
        for _ in range(3):
            make_provider(organizations=[make_organization()])
        client.get(NEW)  # what a process remembers for a moment is asked now
        with django_assert_max_num_queries(7) as queries:
            client.get(NEW)
        counts.append(len(queries))
    assert counts[0] == counts[1]
