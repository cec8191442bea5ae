"""Operations and the timeline of a provider through the API."""

import pytest

from organizations.models import User
from tests.api.things import Program, fields_of
from tests.factories import make_operation, make_provider, make_status_change

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(site_manager: User) -> Program:
    return Program(site_manager)


def test_the_log_of_an_operation_goes_on_where_one_was(manager: Program) -> None:
    operation = make_operation(lines=["one", "two", "three"], state="running")
    path = f"/operations/{operation.pk}/log"
    first = manager.get(path).json()
    assert [line["text"] for line in first["items"]] == ["one", "two", "three"]
    operation.lines.create(text="four")
    then = manager.get(f"{path}?after={first['last']}").json()
    assert [line["text"] for line in then["items"]] == ["four"]
    assert manager.get(f"{path}?after={then['last']}").json()["last"] == then["last"]
    assert fields_of(manager.get(f"{path}?after=-1")) == {"after"}


def test_operations_are_listed_newest_first(manager: Program) -> None:
    first, second = make_operation(state="failed"), make_operation(state="running", kind="preflight")
    items = manager.get("/operations").json()["items"]
    assert [item["id"] for item in items] == [str(second.pk), str(first.pk)]
    assert len(manager.get("/operations?state=failed").json()["items"]) == 1
    assert len(manager.get(f"/operations?provider={second.provider_id}").json()["items"]) == 1
    page = manager.get("/operations?limit=1").json()
    rest = manager.get(f"/operations?limit=1&cursor={page['next_cursor']}").json()
    assert [item["id"] for item in rest["items"]] == [str(first.pk)]


def test_timeline_and_availability(manager: Program) -> None:
    provider = make_provider()
    make_status_change(provider, reason="tls_expired")
    items = manager.get(f"/providers/{provider.pk}/timeline").json()["items"]
    assert [(item["old"], item["new"], item["reason"]) for item in items] == [("ready", "error", "tls_expired")]
    availability = manager.get(f"/providers/{provider.pk}/availability").json()
    assert 0 <= availability["day"] <= 1
    assert 0 < availability["year"] <= 1
    assert len(availability["strip"]) == 48
