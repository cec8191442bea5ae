"""What envproxy reports about the use of sessions, and the token that it asks with."""

import json
import logging
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from audit.services import Actor
from environments.models import Environment, EnvironmentSession
from organizations.models import User
from providers.models import WorkspaceProvider
from providers.services import revoke_envproxy_tokens
from tests.environments.envproxy_calls import (
    ACCESS,
    REFUSED,
    SESSIONS,
    TOKEN,
    call,
    make_place,
    session_for,
    ticket_for,
    use,
    verdicts,
)
from tests.factories import make_environment

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider() -> WorkspaceProvider:
    return make_place("sydney", TOKEN)


@pytest.fixture
def environment(provider: WorkspaceProvider) -> Environment:
    return make_environment(provider, name="dev")


class TestUse:
    def idle(self, environment: Environment) -> Environment:
        """The environment's last use was an hour ago."""
        Environment.objects.filter(pk=environment.pk).update(active_at=timezone.now() - timedelta(hours=1))
        return environment

    def idle_time(self, environment: Environment) -> timedelta:
        environment.refresh_from_db()
        return timezone.now() - environment.active_at

    def test_traffic_is_a_use(self, environment: Environment) -> None:
        verdicts(use(session_for(self.idle(environment)), environment, active=True))
        assert self.idle_time(environment) < timedelta(minutes=1)
        assert EnvironmentSession.objects.get().last_used_at is not None

    def test_an_open_connection_without_traffic_is_none(self, environment: Environment) -> None:
        verdicts(use(session_for(self.idle(environment)), environment))
        assert self.idle_time(environment) > timedelta(minutes=59)

    def test_what_is_refused_is_none(self, environment: Environment) -> None:
        session = session_for(self.idle(environment))
        EnvironmentSession.objects.update(expires_at=timezone.now())
        verdicts(use(session, environment, active=True))
        assert self.idle_time(environment) > timedelta(minutes=59)

    def test_it_is_noted_once_a_minute(self, environment: Environment) -> None:
        session = session_for(environment)
        before = timezone.now() - timedelta(seconds=50)
        Environment.objects.update(active_at=before)
        EnvironmentSession.objects.update(last_used_at=before)
        verdicts(use(session, environment, active=True))
        environment.refresh_from_db()
        assert environment.active_at == before
        assert EnvironmentSession.objects.get().last_used_at == before

    @pytest.mark.django_db(transaction=True)
    def test_an_environment_that_somebody_holds_keeps_nobody_waiting(self, environment: Environment) -> None:
        session, answers = session_for(self.idle(environment)), []

        def ask() -> None:
            try:
                answers.extend(verdicts(use(session, environment, active=True)))
            finally:
                connection.close()

        with transaction.atomic():
            Environment.objects.select_for_update(of=("self",)).get(pk=environment.pk)
            thread = threading.Thread(target=ask)
            thread.start()
            thread.join(timeout=20)
        assert [answer["allowed"] for answer in answers] == [True]


@pytest.mark.parametrize(("path", "document"), [(SESSIONS, {"ticket": "x"}), (ACCESS, {"uses": []})])
class TestTheToken:
    @pytest.mark.parametrize("header", ["", "Bearer", "Basic abc", "Bearer cap_unknown", "Bearer \xff"])
    def test_without_a_valid_one_it_is_refused(self, header: str, path: str, document: Any) -> None:
        headers = {"Authorization": header} if header else {}
        answer = Client().post(path, json.dumps(document), content_type="application/json", headers=headers)
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
        assert set(answer.json()["error"]) == {"code", "msg"}

    def test_a_revoked_one_is_refused(self, path: str, document: Any, provider: WorkspaceProvider) -> None:
        assert call(path, document).status_code in (200, 404)
        revoke_envproxy_tokens(actor=Actor(), provider=provider)
        assert call(path, document).status_code == 401

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 5000])
    def test_what_is_no_json_object_is_refused(
        self, body: bytes, path: str, document: Any, provider: WorkspaceProvider
    ) -> None:
        assert call(path, body).status_code == 400

    def test_a_body_beyond_the_limit_is_refused(self, path: str, document: Any, provider: WorkspaceProvider) -> None:
        assert call(path, document | {"more": "x" * 2_200_000}).status_code == 413

    @pytest.mark.parametrize("method", ["get", "put", "delete", "head"])
    def test_it_is_posted_only(self, method: str, path: str, document: Any) -> None:
        assert getattr(Client(), method)(path).status_code == 405


def test_no_secret_is_logged_or_audited(environment: Environment, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    ticket = ticket_for(environment)
    session = call(SESSIONS, {"ticket": ticket}).json()["session"]
    verdicts(use(session, environment))
    call(SESSIONS, {"ticket": ticket})
    assert not any(secret in caplog.text for secret in (ticket, session, TOKEN))


def test_a_person_with_another_generation_is_refused(environment: Environment) -> None:
    session = session_for(environment)
    User.objects.update(session_generation=7)
    assert verdicts(use(session, environment)) == [REFUSED]
