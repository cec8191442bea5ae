"""A request with an Idempotency-Key is done once, however often and by however many it is sent."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.models import AuditEvent
from organizations.choices import SiteRole, TokenScope
from organizations.models import ApiToken, Organization, StoredAnswer, User
from providers.models import EnvproxyToken, WorkspaceProvider
from tests.api.things import Program, problem_of
from tests.factories import make_built_in, make_provider
from tests.people import make_organization, make_user

BODY = {"name": "Platform"}
KEY = "6f0c3a34-create-platform"


@pytest.fixture
def program(site_manager: User) -> Program:
    return Program(site_manager)


def test_it_is_done_once_and_answered_twice(program: Program) -> None:
    first = program.post("/organizations", BODY, Idempotency_Key=KEY)
    again = program.post("/organizations", BODY, Idempotency_Key=KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.content, again["Location"], again["Content-Type"]) == (
        first.content,
        first["Location"],
        first["Content-Type"],
    )
    assert ("Idempotency-Replayed" in first, again["Idempotency-Replayed"]) == (False, "true")
    assert Organization.objects.count() == 1
    assert AuditEvent.objects.filter(action="organization.create").count() == 1


@pytest.mark.parametrize(("path", "body"), [("/organizations", {"name": "Other"}), ("/users", BODY)])
def test_the_same_key_for_something_else_is_refused(path: str, body: dict[str, Any], program: Program) -> None:
    program.post("/organizations", BODY, Idempotency_Key=KEY)
    refused = problem_of(program.post(path, body, Idempotency_Key=KEY), 422)
    assert refused["code"] == "idempotency_key_reused"


def test_a_refused_request_may_be_tried_again(program: Program) -> None:
    make_organization(name="platform")
    problem_of(program.post("/organizations", BODY, Idempotency_Key=KEY), 422)
    Organization.objects.all().delete()
    assert program.post("/organizations", BODY, Idempotency_Key=KEY).status_code == 201


def test_a_key_belongs_to_its_person(program: Program, db: None) -> None:
    program.post("/organizations", BODY, Idempotency_Key=KEY)
    other = Program(make_user(SiteRole.MANAGER))
    assert other.post("/organizations", {"name": "Other"}, Idempotency_Key=KEY).status_code == 201


def test_a_secret_that_is_shown_once_comes_again_to_the_one_who_has_the_key_and_is_stored_sealed(
    program: Program,
) -> None:
    body = {"name": "report", "scopes": ["read"]}
    first = program.post("/tokens", body, Idempotency_Key=KEY).json()
    assert program.post("/tokens", body, Idempotency_Key=KEY).json() == first
    assert ApiToken.objects.filter(name="report").count() == 1
    stored = str(StoredAnswer.objects.values())
    assert first["token"] not in stored
    assert KEY not in stored


def test_after_a_day_the_key_is_free_again(program: Program) -> None:
    program.post("/organizations", BODY, Idempotency_Key=KEY)
    StoredAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert program.post("/organizations", {"name": "Other"}, Idempotency_Key=KEY).status_code == 201
    assert StoredAnswer.objects.count() == 1


@pytest.mark.parametrize("key", ["x" * 256, "schlüssel"])
def test_a_key_that_is_none_is_told(key: str, program: Program) -> None:
    assert problem_of(program.post("/organizations", BODY, Idempotency_Key=key), 422)["code"].startswith("invalid")


def test_background_work_is_asked_for_once(program: Program) -> None:
    provider = make_provider()
    first = program.post(f"/providers/{provider.pk}/deploy", Idempotency_Key=KEY)
    again = program.post(f"/providers/{provider.pk}/deploy", Idempotency_Key=KEY)
    assert first.json() == again.json()
    assert provider.operations.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_it_once() -> None:
    make_built_in()
    manager = make_user(SiteRole.MANAGER)
    program, together = Program(manager), threading.Barrier(2)
    body = {
        "name": "sydney",
        "way": "enrolment",
        "cluster_address": "https://203.0.113.7:6443",
        "namespace": "coder",
    }
    answers: list[Any] = []

    def send() -> None:
        mine = Program(secret=program.secret)
        together.wait()
        answers.append(mine.post("/providers", body, Idempotency_Key=KEY))
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["enrolment"]["token"] == answers[1].json()["enrolment"]["token"]
    assert WorkspaceProvider.objects.filter(name="sydney").count() == 1
    assert EnvproxyToken.objects.count() == 1


@pytest.mark.parametrize("scope", [TokenScope.READ, TokenScope.WRITE])
def test_what_one_token_was_answered_no_other_one_reads(
    scope: TokenScope, program: Program, site_manager: User
) -> None:
    body = {"name": "report", "scopes": ["write"]}
    secret = program.post("/tokens", body, Idempotency_Key=KEY).json()["token"]
    other = Program(site_manager, scope).post("/tokens", body, Idempotency_Key=KEY)
    assert (other.status_code >= 400, secret in other.content.decode()) == (True, False)
