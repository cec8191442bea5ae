"""A cluster that takes our credential no more: work ends at once and says why."""

from typing import Any

import pytest

from audit.services import Actor
from environments.models import Environment, EnvironmentOperation
from environments.services import create_environment, rebuild_environment
from organizations.models import Organization, User
from providers.choices import OperationState
from providers.models import AllowlistEntry, WorkspaceProvider
from tests.clusters import FaultyCluster
from tests.environments.things import done, make_member, make_plan, outcomes
from tests.people import make_organization
from tests.providers.clusters import register_on, soon, target_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def organization() -> Organization:
    return make_organization()


@pytest.fixture
def owner(organization: Organization) -> User:
    return make_member(organization, email="ada@example.com")


@pytest.fixture
def environment(faulty_cluster: FaultyCluster, owner: User, organization: Organization, settings: Any) -> Environment:
    """Asked for just before the token is revoked."""
    soon(settings, BUILD_TIMEOUT=60)
    provider = register_on(Actor(), target_in(faulty_cluster.kubeconfig, faulty_cluster.namespace))
    WorkspaceProvider.objects.update(status="ready", reason="")
    AllowlistEntry.objects.create(provider=provider, organization=organization)
    provider.refresh_from_db()
    made = create_environment(
        actor=Actor(user=owner), owner=owner, organization=organization, provider=provider, plan=make_plan()
    )
    faulty_cluster.fault("revoked-token")
    return made


def test_a_build_fails_at_once_with_the_reason(environment: Environment) -> None:
    operation = done(EnvironmentOperation.objects.get())
    assert (operation.state, operation.error_code) == (OperationState.FAILED, "credential_refused")
    environment.refresh_from_db()
    assert (environment.status, environment.message) == ("failed", operation.error_text)
    assert outcomes("environment.create") == [("requested", "ada@example.com"), ("failed", "ada@example.com")]


def test_it_is_built_once_the_credential_is_good_again(
    environment: Environment, owner: User, faulty_cluster: FaultyCluster
) -> None:
    done(EnvironmentOperation.objects.get())
    faulty_cluster.fault("revoked-token", on=False)
    again = rebuild_environment(actor=Actor(user=owner), environment=environment, revision=1, changes={})
    assert done(again).state == OperationState.SUCCEEDED
    environment.refresh_from_db()
    assert (environment.status, environment.message) == ("on", "")
