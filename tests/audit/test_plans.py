"""Each filter has an index that serves it newest first: PostgreSQL reads a page, not the table."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.http import QueryDict
from pytest_django.plugin import DjangoDbBlocker

from audit.models import AuditEvent
from audit.paging import PAGE_SIZE, Place
from audit.querysets import AuditEventQuerySet
from organizations.forms.audit import AuditFilterForm
from tests.plans import plan_of

ROWS = 50_000
ORGANIZATION = "00000000-0000-4000-8000-000000000007"
FILL = """
INSERT INTO audit_auditevent (at, actor_name, address, action, target_type, target_id, target_name, organization_id,
                              before, after, outcome)
SELECT timestamptz '2026-01-01' + n * interval '1 minute',
       'person' || n %% 500 || '@example.com',
       ('203.0.113.' || n %% 200)::inet,
       (ARRAY['provider.check', 'provider.deploy', 'environment.start', 'environment.stop', 'user.sign_in',
              'organization.update', 'allowlist.change', 'token.create', 'access_url.plan', 'rollout.end']
       )[n %% 10 + 1],
       'environment', md5((n %% 2000)::text), 'environment-' || n %% 2000,
       CASE WHEN n %% 2 = 0 THEN '' ELSE '00000000-0000-4000-8000-' || lpad((n %% 300)::text, 12, '0') END,
       '{}', '{}',
       (ARRAY['succeeded', 'succeeded', 'succeeded', 'requested', 'failed'])[n %% 5 + 1]
FROM generate_series(1, %s) n
"""


@pytest.fixture
def many(transactional_db: None, django_db_blocker: DjangoDbBlocker) -> None:
    with connection.cursor() as cursor:
        cursor.execute(FILL, [ROWS])
        cursor.execute("ANALYZE audit_auditevent")


def filtered(query: str) -> AuditEventQuerySet:
    form = AuditFilterForm(QueryDict(query))
    if "organization" in query:  # of one that is not stored, which the form would not take
        return AuditEvent.objects.filter(organization_id=ORGANIZATION)
    assert form.is_valid(), form.errors
    return form.events()


OBJECT = "c81e728d9d4c2f636f067f89cc14862c"  # md5 of 2
MOST = ROWS // 50  # rows: more than a page when the planner takes the filter to be common
FILTERS = {
    "none": ("", MOST),
    "person": ("person=person7@example.com", MOST),
    "area": ("action=token", MOST),
    "action": ("action=rollout.end", MOST),
    "outcome": ("outcome=failed", MOST),
    "organization": (f"organization={ORGANIZATION}", MOST),
    "object": (f"object=environment:{OBJECT}", MOST),
    "time": ("since=2026-01-10&until=2026-01-12", MOST),
    "person and time": ("person=person7@example.com&until=2026-01-12", MOST),
    "nothing of it": ("outcome=cancelled", MOST),
    "nobody": ("person=nobody@example.com", MOST),
    "sign-in": ("action=sign_in", ROWS // 5),
    "search": ("q=environment-1234", MOST),
    "search of what is not rare": ("q=203.0.113.77", ROWS // 2),  # found soon when read in the order of the list
}


def test_every_filter_reads_a_page_by_an_index(many: None) -> None:
    """One test: the rows are made once."""
    middle = Place(at=datetime.fromisoformat("2026-01-20T00:00:00+00:00"), id=ROWS // 2)
    pages: dict[str, Callable[[AuditEventQuerySet], AuditEventQuerySet]] = {
        "first": lambda events: events.newest_first(),
        "older": lambda events: events.older_than(middle).newest_first(),
        "newer": lambda events: events.newer_than(middle).order_by("at", "id"),
    }
    for name, (query, most) in FILTERS.items():
        for page, take in pages.items():
            nodes, read = plan_of(take(filtered(query))[: PAGE_SIZE + 1])
            assert "Seq Scan" not in nodes, (name, page, nodes)
            assert read <= most, (name, page, read, nodes)


def test_the_last_page_costs_what_the_first_one_does(many: None) -> None:
    last = Place(at=datetime.fromisoformat("2026-01-01T00:00:00+00:00") + timedelta(minutes=40), id=40)
    _, read = plan_of(AuditEvent.objects.older_than(last).newest_first()[: PAGE_SIZE + 1])
    assert read <= MOST
