"""Tables that would grow for ever: what leaves after its time, and what stays."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from coderadmin.celery import app
from environments.models import EnvironmentOperationLine
from environments.tasks import delete_old_build_logs
from providers.models import EnvproxyToken, OperationLine
from providers.services.sweeping import KEPT
from providers.tasks import delete_old_rows
from tests.environments.things import make_work
from tests.factories import make_environment, make_operation, make_provider

pytestmark = pytest.mark.django_db

OLD = timezone.now() - KEPT - timedelta(hours=1)
LATE = timezone.now() - KEPT + timedelta(hours=1)


def ended(at: datetime) -> dict[str, object]:
    return {"state": "succeeded", "requested_at": at, "finished_at": at}


def test_the_logs_of_old_operations_leave_but_for_the_last_one_of_a_kind() -> None:
    provider = make_provider()
    make_operation(provider, lines=["gone"], **ended(OLD - timedelta(days=1)))
    make_operation(provider, lines=["the last deploy"], **ended(OLD))
    make_operation(provider, lines=["the last pre-flight"], kind="preflight", **ended(OLD - timedelta(days=2)))
    make_operation(make_provider(), lines=["of another"], **ended(OLD - timedelta(days=1)))
    deleted = make_operation(make_provider(), lines=["gone with its provider"], kind="delete", **ended(OLD))
    deleted.provider.delete()
    for _ in range(2):
        delete_old_rows()
    left = {"the last deploy", "the last pre-flight", "of another"}
    assert set(OperationLine.objects.values_list("text", flat=True)) == left


def test_a_log_stays_for_its_time_and_while_the_work_goes_on() -> None:
    provider = make_provider()
    make_operation(provider, lines=["young"], **ended(LATE))
    make_operation(provider, lines=["runs"], state="running", requested_at=OLD)
    make_operation(provider, lines=["newest"], **ended(timezone.now()))
    delete_old_rows()
    assert OperationLine.objects.count() == 3


def test_build_logs_leave_likewise() -> None:
    environment = make_environment()
    for text, at in (("gone", OLD - timedelta(days=1)), ("the last build", OLD)):
        make_work(environment, lines=[text], **ended(at))
    delete_old_build_logs()
    assert EnvironmentOperationLine.objects.get().text == "the last build"


def test_tokens_leave_long_after_their_end() -> None:
    provider = make_provider()
    for digest, end in (("gone", OLD), ("young", LATE), ("for ever", None)):
        EnvproxyToken.objects.create(provider=provider, digest=digest, expires_at=end)
    delete_old_rows()
    assert set(EnvproxyToken.objects.values_list("digest", flat=True)) == {"young", "for ever"}


@pytest.mark.parametrize("task", [delete_old_rows, delete_old_build_logs])
def test_it_happens_by_itself(task: object) -> None:
    assert getattr(task, "name", "") in {entry["task"] for entry in app.conf.beat_schedule.values()}
