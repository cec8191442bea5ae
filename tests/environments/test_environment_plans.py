"""The list of environments reads the page that it shows, and not the table."""

import pytest
from django.db import connection

from environments.filters import EnvironmentFilter
from environments.models import Environment
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
