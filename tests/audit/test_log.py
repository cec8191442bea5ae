"""The line of an event on standard output."""

import io
import json
import logging
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction

from audit.models import AuditEvent
from organizations.models import User
from tests.audit.events import make_event

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the handler of the settings writes."""
    found = io.StringIO()
    (handler,) = [each for each in logging.getLogger("audit.log").handlers if each.name == "audit"]
    assert settings.LOGGING["handlers"]["audit"]["stream"] == "ext://sys.stdout"
    monkeypatch.setattr(handler, "stream", found)
    return found


def test_a_line_is_one_json_object_with_all_fields(output: io.StringIO, member: User) -> None:
    event = make_event(
        member, target=member, action="user.reset_password", before={"name": "Zoë\n"}, after={"password": "******"}
    )
    (line,) = output.getvalue().splitlines()
    found = json.loads(line)
    assert (found["id"], found["actor"], found["action"]) == (event.pk, "member@example.com", "user.reset_password")
    assert (found["before"], found["after"]) == ({"name": "Zoë\n"}, {"password": "******"})
    stored: Any = AuditEvent.objects.values().get()
    assert found["at"] == stored["at"].isoformat()


def test_what_is_rolled_back_has_no_line(output: io.StringIO) -> None:
    with transaction.atomic():
        make_event()
        transaction.set_rollback(True)
    assert output.getvalue() == ""
