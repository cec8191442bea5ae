"""Lists of many rows: as many queries as for few, counted to the end by nobody, found by an id or by words."""

import pytest
from axes.models import AccessAttempt
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from audit.services import SYSTEM, record
from environments.models import Environment, EnvironmentOperation, Image
from organizations.models import User
from organizations.support import paging
from providers.models import Operation, StatusChange
from tests.environments.things import make_work
from tests.factories import make_environment, make_operation, make_provider, make_status_change
from tests.people import add_member, make_organization, make_user, signed_in
from tests.support.things import PAGES, list_address
from tests.world import make_world

pytestmark = pytest.mark.django_db
MOST_QUERIES = 9  # session, person, permissions, count, rows, and for a date hierarchy three more


def fill(number: int) -> None:
    for _ in range(number):
        owner, organization, provider = make_user(), make_organization(), make_provider()
        add_member(organization, owner)
        environment = make_environment(provider, owner=owner, organization=organization)
        make_work(environment)
        make_operation(provider)
        make_status_change(provider)
        Image.objects.create(organization=organization, repository="team/node")
        record(actor=SYSTEM, action="user.create", target=owner)


@pytest.mark.parametrize("model", PAGES, ids=lambda model: model.__name__)
def test_a_list_takes_as_many_queries_for_many_rows_as_for_few(support_person: User, model: type[models.Model]) -> None:
    client, address, counts = signed_in(support_person), list_address(model), []
    make_world()
    for more in (1, 8):
        fill(more)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200
        counts.append(len(asked))
        totals = [each["sql"] for each in asked if each["sql"].startswith("SELECT COUNT(")]
        assert all("LIMIT" in sql for sql in totals)
    assert counts[0] == counts[1] <= MOST_QUERIES


@pytest.mark.parametrize("model", PAGES, ids=lambda model: model.__name__)
def test_a_row_takes_few_queries(support_person: User, model: type[models.Model]) -> None:
    client, row = signed_in(support_person), make_world().rows()[model]
    with CaptureQueriesContext(connection) as asked:
        assert client.get(f"{list_address(model)}{row.pk}/change/").status_code == 200
    assert len(asked) <= 13


@pytest.mark.parametrize("model", [AuditEvent, EnvironmentOperation, Operation, StatusChange])
def test_the_newest_rows_come_from_an_index(model: type[models.Model]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # a table of the tests is too small for it to pay
    page = PAGES[model]
    rows = model._default_manager.order_by(*(page.ordering or model._meta.ordering), "-pk")
    assert "Sort" not in rows[:50].explain()


def test_a_long_list_is_cut_and_says_so(support_person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MOST", 60)
    client, address = signed_in(support_person), list_address(User)
    User.objects.bulk_create(
        User(email=f"p{number:03}@example.com", username=f"p{number:03}") for number in range(59)
    )  # and the support person
    assert "60 users" in client.get(address).text
    User.objects.bulk_create([User(email="z999@example.com", username="z999")])
    assert "The first 60 users: search or filter for others." in client.get(address).text
    assert "z999@example.com" not in client.get(address, {"p": "2"}).text
    assert "z999@example.com" in client.get(address, {"q": "z999"}).text


@pytest.mark.parametrize("model", PAGES, ids=lambda model: model.__name__)
def test_each_search_finds_what_it_says_and_nothing_else(support_person: User, model: type[models.Model]) -> None:
    world, client, address = make_world(), signed_in(support_person), list_address(model)
    row = world.rows()[model]
    if not PAGES[model].search_fields:
        return
    fill(1)
    words = {AccessAttempt: "192.0.2.9", AuditEvent: getattr(row, "target_name", "")}.get(model, "quokka")
    for text in (words, *([str(row.pk)] if model._meta.pk.get_internal_type() == "UUIDField" else [])):
        assert f"{row.pk}/change/" in client.get(address, {"q": text}).text, text
    assert "0 " in client.get(address, {"q": "no-such-thing"}).text.split("paginator")[1]


def test_a_person_is_found_by_email_and_name(support_person: User) -> None:
    ada = make_user(email="ada@example.org", name="Ada Lovelace")
    other = make_user(email="grace@example.org", name="Grace Hopper")
    environment = make_environment(owner=ada)
    work = make_work(environment)
    client = signed_in(support_person)
    for text in ("ada@example.org", "Lovelace", "lovelace ada"):
        page = client.get(list_address(User), {"q": text}).text
        assert str(ada.pk) in page and str(other.pk) not in page
        assert str(environment.pk) in client.get(list_address(Environment), {"q": text}).text
        assert str(work.pk) in client.get(list_address(EnvironmentOperation), {"q": text}).text


def test_the_audit_log_is_searched_by_the_id_of_an_object(support_person: User) -> None:
    fill(2)
    user = make_user()
    record(actor=SYSTEM, action="user.activate", target=user)
    page = signed_in(support_person).get(list_address(AuditEvent), {"q": str(user.pk)}).text
    assert "Activate the account" in page and "Create the account" not in page


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"outcome__exact": "a\0b"}, 400),
        ({"outcome__exact": "denied"}, 200),
        ({"area": "provider"}, 200),
        ({"area": "no such area"}, 200),
        ({"o": "99"}, 200),
        ({"at__gte": "no date"}, 302),
        ({"p": "999999999999"}, 200),
    ],
)
def test_a_filter_is_kept_or_refused_and_never_breaks(support_person: User, query: dict[str, str], status: int) -> None:
    fill(1)
    assert signed_in(support_person).get(list_address(AuditEvent), query).status_code == status


@pytest.mark.parametrize("day", [{"month": "13"}, {"day": "31", "month": "2"}, {"year": "9" * 30}, {"year": "x"}])
def test_a_day_that_no_calendar_has_is_a_bad_request(support_person: User, day: dict[str, str]) -> None:
    query = {
        f"requested_at__{part}": value for part, value in ({"year": "2026", "month": "1", "day": "1"} | day).items()
    }
    client = signed_in(support_person)
    assert client.get(list_address(EnvironmentOperation), query).status_code == 400
    assert client.get(list_address(EnvironmentOperation), {"requested_at__year": "2026"}).status_code == 200


def test_the_area_filter_narrows(support_person: User) -> None:
    fill(1)
    record(actor=SYSTEM, action="provider.cordon", target=make_provider(name="sydney"))
    page = signed_in(support_person).get(list_address(AuditEvent), {"area": "provider"}).text
    assert "sydney" in page and "Create the account" not in page
