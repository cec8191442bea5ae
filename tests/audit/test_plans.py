"""Each filter has an index that serves it newest first: PostgreSQL reads a page, not the table."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core import signing
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from pytest_django.plugin import DjangoDbBlocker

from audit.models import AuditEvent
from audit.paging import PAGE_SIZE, Place
from audit.querysets import AuditEventQuerySet
from audit.vocabulary import AuditWord
from coderadmin.api.paging import PageQuery, page_of
from organizations.forms.audit import AuditFilterForm
from tests.plans import nodes_of, plan_of, rows_read_by

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
    "sign-in": ("action=sign_in", MOST),
    "search": ("q=environment-1234", MOST),
    "search of an id": (f"q={OBJECT}", MOST),
    "search of what is not rare": ("q=203.0.113.77", MOST),
    "search of a part of many words": ("q=environment", MOST),
    "search of what nearly all have": ("q=person", MOST),
    "search of nothing": ("q=zz", MOST),
    "search of two words": ("q=person7@+environment-7", MOST),
}


def test_every_filter_reads_a_page_by_an_index(many: None) -> None:
    """One test: the rows are made once."""
    middle = Place(at=datetime.fromisoformat("2026-01-20T00:00:00+00:00"), id=ROWS // 2)
    last = Place(at=datetime.fromisoformat("2026-01-01T00:00:00+00:00") + timedelta(minutes=40), id=40)
    pages: dict[str, Callable[[AuditEventQuerySet], AuditEventQuerySet]] = {
        "first": lambda events: events.newest_first(),
        "older": lambda events: events.older_than(middle).newest_first(),
        "last": lambda events: events.older_than(last).newest_first(),
        "newer": lambda events: events.newer_than(middle).order_by("at", "id"),
    }
    for name, (query, most) in FILTERS.items():
        for page, take in pages.items():
            nodes, read = plan_of(take(filtered(query))[: PAGE_SIZE + 1])
            assert "Seq Scan" not in nodes, (name, page, nodes)
            assert read <= most, (name, page, read, nodes)


def test_a_search_looks_up_what_is_rare_and_begins_with_the_newest_for_what_is_not(many: None) -> None:
    for text, index in {"environment-1234": "audit_each_word", "environment": "audit_newest"}.items():
        nodes = nodes_of(filtered(f"q={text}").newest_first()[: PAGE_SIZE + 1])
        assert [node["Index Name"] for node in nodes if "Index Name" in node] == [index]


@pytest.mark.django_db
def test_words_are_found_by_their_parts() -> None:
    AuditWord.objects.bulk_create(AuditWord(word=f"ENVIRONMENT-{number:05}") for number in range(20_000))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE audit_auditword")
    nodes, read = plan_of(AuditWord.objects.filter(word__icontains="ent-1234"))
    assert "Bitmap Index Scan" in nodes
    assert read <= PAGE_SIZE


def test_the_api_goes_on_where_it_was(many: None) -> None:
    place = signing.dumps(["2026-01-01T00:40:00+00:00", 40], salt="coderadmin.page.audit.auditevent.at")
    with CaptureQueriesContext(connection) as asked:
        page, _ = page_of(AuditEvent.objects.all(), PageQuery(cursor=place), by="at", descending=True)
    assert len(page) == 39
    assert rows_read_by(asked[0]["sql"]) <= MOST
