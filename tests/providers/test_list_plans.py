"""The list of providers reads what it shows, and not the table: by an index, whatever the page and the search."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django.plugin import DjangoDbBlocker

from organizations.models import Organization
from providers.models import AllowlistEntry, WorkspaceProvider
from providers.querysets import WorkspaceProviderQuerySet
from providers.tally import load_overview, tally_of
from tests.plans import plan_of

ROWS = 10_000
PAGE = 50


@pytest.fixture
def many(transactional_db: None, django_db_blocker: DjangoDbBlocker) -> None:
    now = timezone.now()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL synchronous_commit = on"
        )  # of what is not flushed yet VACUUM marks nothing as visible
        WorkspaceProvider.objects.bulk_create(
            WorkspaceProvider(
                name=f"region-{number:05}",
                hostname=f"https://region-{number:05}.example.com",
                cluster_address=f"https://{number:05}.clusters.example.com",
                namespace="coder",
                message="As wide as a provider is. " * 40,
                status="error" if number % 100 == 0 else "ready",
                status_since=now - timedelta(seconds=number),
            )
            for number in range(ROWS)
        )
    organizations = Organization.objects.bulk_create(Organization(name=f"Team x{number:03}") for number in range(100))
    AllowlistEntry.objects.bulk_create(
        AllowlistEntry(provider=provider, organization=organizations[number % 100])
        for number, provider in enumerate(WorkspaceProvider.objects.all())
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def test_the_list_reads_indexes(many: None) -> None:
    """One test: the rows are made once."""
    everything = WorkspaceProvider.objects.all()
    first, last = slice(0, PAGE), slice(ROWS - PAGE, ROWS)
    plans: dict[str, tuple[WorkspaceProviderQuerySet, slice]] = {
        "first page": (everything.sorted_by("name").values("pk"), first),
        "last page": (everything.sorted_by("name").values("pk"), last),
        "first page, backwards": (everything.sorted_by("-name").values("pk"), first),
        "search by name": (everything.search("region-04242"), first),
        "search by cluster": (everything.search("04242.clusters"), first),
        "search by organization": (everything.search("Team x042"), first),
        "search by name and organization": (everything.search("team region-04242"), first),
        "search by what all organizations have": (everything.search("team").sorted_by("name"), first),
        "filter": (everything.filter(status="error"), first),
    }
    for name, (rows, part) in plans.items():
        nodes, read = plan_of(rows[part], table="providers_workspaceprovider")
        assert "Seq Scan" not in nodes, (name, nodes)
        assert "last" in name or read <= 3 * PAGE, (name, read, nodes)
    nodes, read = plan_of(everything.search("Team x042"), table="providers_allowlistentry")
    assert "Seq Scan" not in nodes
    assert read <= ROWS // 100
    nodes, _ = plan_of(everything.sorted_by("name").values("pk")[last])
    assert "Index Only Scan" in nodes
    assert tally_of(everything).count("error") == load_overview().tally.count("error") == ROWS // 100
