"""The access URL and rollouts through the API: what the command line's tests do not reach."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from infrastructure.choices import StepState
from infrastructure.models import AccessURLChange, Rollout
from organizations.models import User
from providers.models import WorkspaceProvider
from tests.api.things import Program, fields_of, problem_of
from tests.factories import make_built_in, make_provider
from tests.infrastructure.rollouts import NEW, OLD, checked_change

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(site_manager: User) -> Program:
    return Program(site_manager)


@pytest.fixture
def sydney(settings: Any) -> WorkspaceProvider:
    settings.ACCESS_URL = OLD
    make_built_in()
    return make_provider(name="sydney", chart_version="0.0.1", last_beat_access_url=OLD)


def finding(level: str) -> dict[str, str]:
    return {"code": "tls", "label": "Certificate", "level": level, "detail": "It ends soon.", "remedy": "Renew it."}


def test_a_finding_forbids_the_switch_and_a_warning_must_be_read(program: Program, sydney: WorkspaceProvider) -> None:
    change = checked_change(findings=[finding("error")])
    path = f"/access-url/changes/{change.pk}"
    assert program.get(path).json()["switch_refusal"] == "It ends soon. Correct it and check again."
    assert problem_of(program.post(f"{path}/switch", {}), 409)["remedy"] == "Correct it and check again."
    AccessURLChange.objects.update(findings=[finding("warning")])
    problem_of(program.post(f"{path}/switch", {}), 409)
    assert fields_of(program.post(f"{path}/switch", {"canary": str(change.pk)})) == {"canary"}
    assert fields_of(program.post(f"{path}/switch", {"failure_limit": 0})) == {"failure_limit"}
    assert not Rollout.objects.exists()
    switched = program.post(f"{path}/switch", {"warnings_read": True})
    assert switched.status_code == 202
    rollout = switched.json()["rollout"]
    [step] = rollout["steps"]
    assert (step["provider_name"], step["state"], step["is_canary"]) == ("sydney", StepState.WAITING, True)
    assert program.post(f"{path}/switch", {"warnings_read": True}).json()["rollout"]["id"] == rollout["id"]


def test_findings_are_made_anew_until_the_switch(program: Program, sydney: WorkspaceProvider) -> None:
    change = checked_change()
    checked = program.post(f"/access-url/changes/{change.pk}/check")
    assert (checked.status_code, checked.json()["is_checking"]) == (202, True)
    program.post(f"/access-url/changes/{change.pk}/drop")
    problem_of(program.post(f"/access-url/changes/{change.pk}/check"), 409)
    assert program.get("/access-url/changes").json()["items"][0]["state"] == "dropped"


@pytest.mark.parametrize(
    ("state", "possible"), [("checking", "switch drop"), ("redeploying", "finish rollback"), ("dropped", "")]
)
def test_what_a_step_would_do_is_told_beforehand(
    program: Program, sydney: WorkspaceProvider, state: str, possible: str
) -> None:
    path = f"/access-url/changes/{checked_change(state=state, switched_at=timezone.now()).pk}/impact"
    for of in ("switch", "finish", "rollback", "drop"):
        told = program.get(f"{path}?of={of}")
        assert told.status_code == (200 if of in possible.split() else 409), of
        assert told.status_code == 409 or told.json()["effects"]


def test_who_uses_which_access_url(program: Program, sydney: WorkspaceProvider) -> None:
    [use] = program.get("/access-url/use").json()["items"]
    assert (use["provider"]["name"], use["access_url"]) == ("sydney", "https://coder.example.com")
    checked_change()
    assert program.get("/access-url").json()["change"]["new_url"] == NEW


def test_an_upgrade_starts_once_and_is_called_off(program: Program, sydney: WorkspaceProvider) -> None:
    assert [row["state"] for row in program.get("/upgrades").json()["items"]] == ["outdated"]
    assert "sydney" in program.get(f"/upgrades/impact?provider={sydney.pk}").json()["effects"][0]
    started = program.post("/upgrades", {})
    problem_of(program.get("/upgrades/impact"), 409)
    assert started.status_code == 202
    path = f"/rollouts/{started.json()['id']}"
    assert started["Location"].endswith(path)
    problem_of(program.post("/upgrades", {"providers": [str(sydney.pk)]}), 409)
    assert program.post(f"{path}/pause").json()["state"] == "paused"
    assert program.post(f"{path}/retry").json()["state"] == "paused"
    assert program.post(f"{path}/call-off").json()["is_active"] is False
    with CaptureQueriesContext(connection) as asked:
        (listed,) = program.get("/rollouts").json()["items"]
    assert (listed["kind"], listed["progress"]) == ("upgrade", "0 of 1 done")
    assert not any('"provider_name"' in query["sql"] for query in asked), "there may be thousands of steps"


def test_an_upgrade_of_nothing_is_refused(program: Program) -> None:
    make_built_in()
    problem_of(program.post("/upgrades", {}), 409)
    problem_of(program.get("/upgrades/impact"), 409)
    problem_of(program.post("/upgrades", {"providers": []}), 409)
    assert fields_of(program.post("/upgrades", {"providers": ["x"]})) == {"providers.0"}
