"""What envproxy asks: tickets become sessions once, and a session is good as long as its person may be there."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.services import Actor
from environments.models import Environment, EnvironmentSession
from organizations.services import activate_user, deactivate_user, reset_password
from providers.kube.environment_objects import object_name
from providers.models import AllowlistEntry, WorkspaceProvider
from providers.tokens import digest_of
from tests.environments.envproxy_calls import (
    ACCESS,
    OTHER_TOKEN,
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
from tests.people import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider() -> WorkspaceProvider:
    return make_place("sydney", TOKEN)


@pytest.fixture
def environment(provider: WorkspaceProvider) -> Environment:
    return make_environment(provider, name="dev")


class TestRedeeming:
    def test_a_ticket_becomes_a_session_of_which_only_a_digest_is_stored(self, environment: Environment) -> None:
        answer = call(SESSIONS, {"ticket": ticket_for(environment)})
        assert "no-store" in answer["Cache-Control"]
        session = answer.json()["session"]
        assert answer.json() == {"session": session, "environment": str(environment.pk), "expires_in": 12 * 3600}
        row = EnvironmentSession.objects.get()
        assert row.session_digest == digest_of(session)
        assert timedelta(hours=11) < row.expires_at - timezone.now() <= timedelta(hours=12)

    def test_it_is_redeemed_once(self, environment: Environment) -> None:
        ticket = ticket_for(environment)
        assert [call(SESSIONS, {"ticket": ticket}).status_code for _ in range(2)] == [200, 404]

    def test_the_ticket_of_another_provider_is_unknown_and_stays_good(self, environment: Environment) -> None:
        make_place("oslo", OTHER_TOKEN)
        ticket = ticket_for(environment)
        refusal = call(SESSIONS, {"ticket": ticket}, token=OTHER_TOKEN)
        assert (refusal.status_code, refusal.json()["error"]["code"]) == (404, "not_found")
        assert call(SESSIONS, {"ticket": ticket}).status_code == 200

    def test_an_expired_one_is_unknown(self, environment: Environment) -> None:
        ticket = ticket_for(environment)
        EnvironmentSession.objects.update(expires_at=timezone.now())
        assert call(SESSIONS, {"ticket": ticket}).status_code == 404

    def test_one_of_a_person_who_was_deactivated_is_unknown(self, environment: Environment) -> None:
        ticket = ticket_for(environment)
        deactivate_user(actor=Actor(), user=environment.owner)
        assert call(SESSIONS, {"ticket": ticket}).status_code == 404

    @pytest.mark.parametrize("ticket", ["", "x", "ä", "\ud800", "\0", "x" * 5000])
    def test_what_is_no_ticket_is_unknown(self, ticket: str, environment: Environment) -> None:
        assert call(SESSIONS, {"ticket": ticket}).status_code == 404

    @pytest.mark.parametrize("document", [{}, {"ticket": None}, {"ticket": 5}, {"ticket": ["x"]}])
    def test_a_ticket_is_a_text(self, document: Any, provider: WorkspaceProvider) -> None:
        answer = call(SESSIONS, document)
        assert (answer.status_code, answer.json()["error"]["field"]) == (422, "ticket")

    @pytest.mark.django_db(transaction=True)
    def test_of_many_at_once_one_wins(self, environment: Environment) -> None:
        ticket, outcomes, barrier = ticket_for(environment), [], threading.Barrier(4)

        def redeem() -> None:
            barrier.wait()
            try:
                outcomes.append(call(SESSIONS, {"ticket": ticket}).status_code)
            finally:
                connection.close()

        threads = [threading.Thread(target=redeem) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == [200, 404, 404, 404]


class TestAccess:
    def test_an_allowed_one_says_where_it_is(self, environment: Environment) -> None:
        service = object_name("dev", environment.pk)
        expected = {"allowed": True, "state": "on", "service": service, "port": 3000}
        assert verdicts(use(session_for(environment), environment)) == [expected]

    @pytest.mark.parametrize("status", ["on", "off", "creating", "failed", "unknown"])
    def test_it_says_its_state(self, status: str, environment: Environment) -> None:
        session = session_for(environment)
        Environment.objects.update(status=status)
        assert verdicts(use(session, environment))[0]["state"] == status

    def test_the_order_is_that_of_the_question(self, provider: WorkspaceProvider, environment: Environment) -> None:
        second = make_environment(provider)
        uses = [use(session_for(second), second), use("unknown", second), use(session_for(environment), environment)]
        services = [verdict.get("service", "") for verdict in verdicts(*uses)]
        assert services == [object_name(second.name, second.pk), "", object_name("dev", environment.pk)]

    def test_a_session_is_for_one_environment(self, provider: WorkspaceProvider, environment: Environment) -> None:
        other = make_environment(provider, owner=environment.owner)
        assert verdicts(use(session_for(environment), other)) == [REFUSED]

    def test_the_token_of_another_provider_gets_nothing(self, environment: Environment) -> None:
        make_place("oslo", OTHER_TOKEN)
        assert verdicts(use(session_for(environment), environment), token=OTHER_TOKEN) == [REFUSED]

    def test_a_ticket_is_no_session(self, environment: Environment) -> None:
        assert verdicts(use(ticket_for(environment), environment)) == [REFUSED]

    def test_it_ends_with_its_time(self, environment: Environment) -> None:
        session = session_for(environment)
        EnvironmentSession.objects.update(expires_at=timezone.now())
        assert verdicts(use(session, environment)) == [REFUSED]

    def test_it_ends_with_the_account_and_does_not_come_back(self, environment: Environment) -> None:
        session = session_for(environment)
        deactivate_user(actor=Actor(), user=environment.owner)
        assert verdicts(use(session, environment)) == [REFUSED]
        activate_user(actor=Actor(), user=environment.owner)
        assert verdicts(use(session, environment)) == [REFUSED]

    def test_it_ends_with_the_password(self, environment: Environment) -> None:
        session = session_for(environment)
        reset_password(actor=Actor(), user=environment.owner)
        assert verdicts(use(session, environment)) == [REFUSED]

    def test_it_ends_when_the_environment_has_another_owner(self, environment: Environment) -> None:
        session = session_for(environment)
        Environment.objects.update(owner=make_user())
        assert verdicts(use(session, environment)) == [REFUSED]

    def test_it_ends_when_the_environment_moves_to_another_provider(self, environment: Environment) -> None:
        session, oslo = session_for(environment), make_place("oslo", OTHER_TOKEN)
        AllowlistEntry.objects.create(provider=oslo, organization=environment.organization)
        Environment.objects.update(provider=oslo)
        assert verdicts(use(session, environment)) == [REFUSED]

    def test_it_ends_with_the_environment(self, environment: Environment) -> None:
        session, gone = session_for(environment), use("", environment)
        environment.delete()
        assert verdicts(gone | {"session": session}) == [REFUSED]

    def test_strange_cookies_spoil_no_question(self, environment: Environment) -> None:
        good = use(session_for(environment), environment)
        strange = [good | {"session": text} for text in ("", "ä", "\udcff", "\0", "x" * 4000)]
        strange.append(good | {"environment": "../../etc"})
        answers = verdicts(*strange, good)
        assert [answer["allowed"] for answer in answers] == [False] * 6 + [True]

    def test_nothing_is_asked(self, provider: WorkspaceProvider) -> None:
        assert verdicts() == []

    @pytest.mark.parametrize(
        ("document", "field"),
        [
            ({}, "uses"),
            ({"uses": {}}, "uses"),
            ({"uses": ["x"]}, "uses"),
            ({"uses": [{}] * 501}, "uses"),
            ({"uses": [{"environment": "x"}]}, "uses.0.session"),
            ({"uses": [{"session": "x"}]}, "uses.0.environment"),
            ({"uses": [{"session": "x", "environment": "x"}, {"session": 1, "environment": "x"}]}, "uses.1.session"),
            ({"uses": [{"session": "x", "environment": "x", "active": "yes"}]}, "uses.0.active"),
        ],
    )
    def test_a_wrong_shape_is_named(self, document: Any, field: str, provider: WorkspaceProvider) -> None:
        answer = call(ACCESS, document)
        assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)

    def test_the_number_of_queries_is_the_same_for_any_number(self, provider: WorkspaceProvider) -> None:
        uses: list[Any] = []
        counts = []
        for more in (1, 7):
            for _ in range(more):
                environment = make_environment(provider)
                uses.append(use(session_for(environment), environment, active=True))
            for quiet in (False, True):
                if not quiet:
                    Environment.objects.update(active_at=timezone.now() - timedelta(hours=1))
                    EnvironmentSession.objects.update(last_used_at=None)
                with CaptureQueriesContext(connection) as queries:
                    assert all(verdict["allowed"] for verdict in verdicts(*uses))
                counts.append(len(queries))
        noting, quiet_ones = counts[0], counts[1]
        assert counts == [noting, quiet_ones] * 2
        assert quiet_ones == 2
