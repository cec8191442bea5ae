"""The whole log of an operation as text: on a provider, on an environment, and of both at /support/."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from environments.models import EnvironmentOperation
from organizations.models import User
from organizations.support.helping import address_of
from providers.choices import LineLevel
from providers.log_text import BATCH
from providers.models import AbstractOperation, Operation
from providers.operation_log import MOST_LINES
from tests.environments.things import make_work
from tests.factories import make_environment, make_operation
from tests.headers import missing_headers
from tests.people import make_user, signed_in

pytestmark = pytest.mark.django_db
LINK = "The whole log as text"


@dataclass(frozen=True, kw_only=True)
class Place:
    """`reader` sees the page of the operation."""

    operation: AbstractOperation
    page: str
    log: str
    reader: Client

    def text(self, client: Client | None = None) -> str:
        return b"".join((client or self.reader).get(self.log).streaming_content).decode()


def of_the_product(operation: AbstractOperation, reader: User) -> Place:
    app = operation._meta.app_label
    page, log = (reverse(f"{app}:{name}", args=[operation.pk]) for name in ("operation_detail", "operation_log"))
    return Place(operation=operation, page=page, log=log, reader=signed_in(reader))


def at_support(operation: AbstractOperation, reader: User) -> Place:
    page, log = (address_of(operation, name) for name in ("change", "log"))
    return Place(operation=operation, page=page, log=log, reader=signed_in(reader))


def on_a_provider() -> Operation:
    return make_operation(state="succeeded")


def on_an_environment() -> EnvironmentOperation:
    return make_work(make_environment(), state="succeeded")


@pytest.fixture(params=[on_a_provider, on_an_environment])
def operation(request: pytest.FixtureRequest) -> AbstractOperation:
    made: AbstractOperation = request.param()
    return made


@pytest.fixture(params=[(of_the_product, "site_manager"), (at_support, "support_person")])
def place(request: pytest.FixtureRequest, operation: AbstractOperation) -> Place:
    make, reader = request.param
    made: Place = make(operation, request.getfixturevalue(reader))
    return made


def add_lines(operation: AbstractOperation, number: int) -> None:
    line = operation.lines.model
    line.objects.bulk_create(line(operation=operation, text=f"line {each:04}") for each in range(number))


def test_every_line_is_there_in_order(place: Place) -> None:
    add_lines(place.operation, BATCH + 5)
    lines = place.text().splitlines()
    assert [line.rpartition("  ")[2] for line in lines] == [f"line {each:04}" for each in range(BATCH + 5)]


def test_a_line_tells_time_level_text_and_below_it_the_remedy(place: Place) -> None:
    at = datetime(2026, 11, 27, 3, 12, 5, tzinfo=UTC)
    place.operation.lines.create(at=at, text="<b>helm</b>\r\n2026 forged \x1b[31m")
    place.operation.lines.create(at=at, level=LineLevel.WARNING, text="Version: 1.19", remedy="Upgrade it.")
    assert place.text().split("\n") == [
        "2026-11-27 03:12:05 UTC  Note     <b>helm</b>",
        "                                  2026 forged �[31m",
        "2026-11-27 03:12:05 UTC  Warning  Version: 1.19",
        "                                  → Upgrade it.",
        "",
    ]


def test_it_is_text_that_no_browser_takes_for_something_else(place: Place) -> None:
    answer = place.reader.get(place.log)
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith('inline; filename="')
    assert f'{place.operation.requested_at:-%Y-%m-%d-%H%M%S}.txt"' in answer["Content-Disposition"]
    assert not missing_headers(answer.headers)
    assert place.text() == ""


def test_the_page_leads_there_only_when_lines_are_left_out(place: Place) -> None:
    add_lines(place.operation, MOST_LINES)
    assert LINK not in place.reader.get(place.page).text
    add_lines(place.operation, 1)
    assert f'<a href="{place.log}">{LINK}</a>' in place.reader.get(place.page).text


@pytest.mark.parametrize("person", [make_user, None])
def test_who_may_not_see_the_page_hears_the_same(person: Callable[[], User] | None, place: Place) -> None:
    client = signed_in(person()) if person else Client()
    assert answer_of(client, place.log) == answer_of(client, place.page)
    assert client.get(place.log, follow=bool(person)).status_code in (302, 403, 404)


def test_about_an_operation_that_is_gone_one_hears_the_same(place: Place) -> None:
    type(place.operation)._default_manager.all().delete()
    assert answer_of(place.reader, place.log) == answer_of(place.reader, place.page)
    assert place.reader.get(place.log).status_code in (302, 404)


def answer_of(client: Client, path: str) -> tuple[int, str]:
    """Status, and where it leads to; the path itself is left out."""
    answer = client.get(path)
    return answer.status_code, answer.headers.get("Location", "").replace(path, "")


def test_each_batch_costs_one_query(place: Place) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            place.text()
        return len(captured)

    add_lines(place.operation, 1)
    one_line = queries()
    add_lines(place.operation, BATCH - 1)
    assert queries() == one_line
    add_lines(place.operation, 1)
    assert queries() == one_line + 1
