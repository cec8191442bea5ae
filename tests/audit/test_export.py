"""Export as CSV and JSON lines: streams, with the filters of the list, harmless in a spreadsheet."""

import csv
import io
import json
import tracemalloc

import pytest
from django.db import connection
from django.test import Client

from audit.export import COLUMNS, csv_lines
from audit.models import AuditEvent
from audit.paging import BATCH, all_of
from organizations.models import User
from tests.audit.events import make_event
from tests.people import signed_in

pytestmark = pytest.mark.django_db

CSV, JSON = "/manage/audit/export.csv", "/manage/audit/export.jsonl"


@pytest.fixture
def client(auditor: User) -> Client:
    return signed_in(auditor)


def rows(client: Client, query: dict[str, str] | None = None) -> list[dict[str, str]]:
    body = b"".join(client.get(CSV, query or {})).decode()
    return list(csv.DictReader(io.StringIO(body, newline="")))


def test_csv_has_every_field(client: Client, member: User) -> None:
    event = make_event(member, after={"name": 'Zoë, "the first"'}, target=member)
    (row,) = rows(client, {"action": "user.create"})
    assert tuple(row) == COLUMNS
    assert (row["id"], row["actor"], row["target_id"]) == (str(event.pk), "member@example.com", str(member.pk))
    assert json.loads(row["after"]) == {"name": 'Zoë, "the first"'}


@pytest.mark.parametrize("beginning", ["=", "+", "-", "@", "\t", "\r", "\n="])
def test_no_cell_is_a_formula(beginning: str, client: Client) -> None:
    make_event(target=User(email=f"{beginning}cmd|' /C calc'!A0"))
    (row,) = rows(client, {"action": "user.create"})
    assert row["target"][0] not in "=+-@\t\r"
    assert row["target"].endswith("calc'!A0")


def test_json_lines_have_an_object_each(client: Client, member: User) -> None:
    event = make_event(member, before={"a": None}, after={"a": [1, "x"]}, outcome="failed")
    response = client.get(JSON, {"action": "user.create"})
    assert response["Content-Type"] == "application/x-ndjson"
    assert response["Content-Disposition"].endswith('.jsonl"')
    (line,) = b"".join(response).decode().splitlines()
    found = json.loads(line)
    assert (found["id"], found["after"], found["outcome"]) == (event.pk, {"a": [1, "x"]}, "failed")


def test_csv_is_saved_as_a_csv_file(client: Client) -> None:
    response = client.get(CSV)
    assert response["Content-Type"].startswith("text/csv")
    assert response["Content-Disposition"].endswith('.csv"')


def test_it_holds_what_the_filter_asks_for_newest_first(client: Client) -> None:
    made = [make_event(action="provider.cordon") for _ in range(3)]
    make_event(action="provider.deploy")
    assert [int(row["id"]) for row in rows(client, {"action": "provider.cordon"})] == [e.pk for e in made[::-1]]


@pytest.mark.parametrize("path", [CSV, JSON])
def test_a_filter_that_makes_no_sense_exports_nothing(path: str, client: Client) -> None:
    response = client.get(path, {"since": "yesterday"})
    assert response.status_code == 400
    assert not AuditEvent.objects.filter(action="audit.export").exists()


def test_an_export_is_an_event_itself(client: Client, auditor: User) -> None:
    client.get(JSON, {"outcome": "failed", "page": "1"})
    client.head(JSON)
    event = AuditEvent.objects.get(action="audit.export")
    assert (event.actor_id, event.after) == (auditor.pk, {"format": "jsonl", "outcome": "failed"})


def test_it_goes_on_from_batch_to_batch_without_growing(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_auditevent (at, actor_name, action, target_type, target_id, target_name,"
            " organization_id, before, after, outcome) SELECT now(), 'x', 'user.create', 'user', '', repeat('x', 200),"
            " '', '{}', '{}', 'succeeded' FROM generate_series(1, %s)",
            [BATCH * 6 + 1],
        )
    lines = csv_lines(all_of(AuditEvent.objects.all()))
    for _ in range(BATCH + 1):
        next(lines)
    tracemalloc.start()
    try:
        left = sum(1 for _ in lines)
        grown = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert left == BATCH * 5 + 2  # with the sign-in
    assert grown < 12_000_000  # bytes: two batches; all rows would be four times that
