"""Noticing what became of environments on their clusters."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from audit.services import Actor
from environments.models import Environment
from environments.services import observing
from environments.services.observing import claim_due_observations, observe_provider
from environments.services.specs import spec_of
from organizations.models import Organization
from providers.kube.blocking import run
from providers.kube.client import namespaced
from providers.kube.environment_objects import object_name
from providers.kube.environments import Observation, apply_environment, observe_environment
from providers.kube.errors import KubeError, Reason
from providers.models import WorkspaceProvider
from providers.target import ClusterTarget
from tests.clusters import Cluster, FaultyCluster, eventually
from tests.environments.things import make_work, seen
from tests.factories import make_environment, make_provider
from tests.kube.things import with_client
from tests.people import make_organization
from tests.providers.clusters import register_on, target_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def organization() -> Organization:
    return make_organization()


def put_on(target: ClusterTarget, organization: Organization, storage_class: str = "") -> Environment:
    """An environment that runs on the cluster, on a provider called sydney."""
    provider = register_on(Actor(), target, storage_class=storage_class)
    environment = make_environment(provider, organization=organization, name="dev", image="registry.invalid/base")
    run(apply_environment(target, spec_of(environment), lambda line: None))
    name = object_name("dev", environment.pk)
    assert eventually(lambda: run(observe_environment(target, name)).state == "on")
    return environment


def looked_at(environment: Environment) -> Environment:
    observe_provider(environment.provider_id)
    environment.refresh_from_db()
    return environment


def test_a_deployment_that_somebody_deleted_is_noticed(
    cluster: Cluster, storage: str, organization: Organization
) -> None:
    target = target_in(cluster.kubeconfig, cluster.namespace)
    environment = put_on(target, organization, storage)
    assert looked_at(environment).status == "on"
    path = namespaced(target, "apps/v1", "deployments", object_name("dev", environment.pk))
    assert with_client(target, lambda client: client.delete(path))
    assert eventually(lambda: looked_at(environment).status == "failed")
    assert "Its Deployment is gone from the cluster. Rebuild the environment" in environment.message


def test_a_cluster_that_can_not_be_asked_makes_it_unknown_until_it_can(
    faulty_cluster: FaultyCluster, organization: Organization
) -> None:
    environment = put_on(target_in(faulty_cluster.kubeconfig, faulty_cluster.namespace), organization)
    faulty_cluster.fault("unreachable")
    assert looked_at(environment).status == "unknown"
    assert environment.message.startswith("sydney can't be asked: ")
    faulty_cluster.fault("unreachable", on=False)
    assert looked_at(environment).status == "on"
    assert environment.message == ""


@pytest.fixture
def cluster_says(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[UUID, Observation]]:
    """What our border to the clusters answers."""
    answers: dict[UUID, Observation] = {}

    async def observe(target: object) -> dict[UUID, Observation]:
        return answers

    monkeypatch.setattr(observing, "observe_environments", observe)
    yield answers


@pytest.mark.parametrize(
    ("state", "problems", "status", "message"),
    [
        ("on", [], "on", ""),
        ("off", ["The home is lost."], "off", "The home is lost."),
        ("creating", ["No node takes the pod."], "creating", "No node takes the pod."),
        ("failed", ["It crashes.", "Again."], "failed", "It crashes. Again."),
        ("missing", ["The Deployment is not there."], "failed", observing.GONE),
    ],
)
def test_each_state_of_the_cluster_is_told(
    state: Any, problems: list[str], status: str, message: str, cluster_says: dict[UUID, Observation]
) -> None:
    environment = make_environment(status="unknown")
    cluster_says[environment.pk] = seen(state, *problems)
    looked_at(environment)
    assert (environment.status, environment.message) == (status, message)


def test_what_the_cluster_does_not_know_has_failed(cluster_says: dict[UUID, Observation]) -> None:
    environment = looked_at(make_environment())
    assert (environment.status, environment.message) == ("failed", observing.GONE)


def test_its_since_moves_only_with_its_status(cluster_says: dict[UUID, Observation]) -> None:
    then = timezone.now() - timedelta(hours=1)
    environment = make_environment(status="failed", status_since=then, message="It crashes.")
    cluster_says[environment.pk] = seen("failed", "It crashes again.")
    looked_at(environment)
    assert (environment.status_since, environment.message) == (then, "It crashes again.")
    cluster_says[environment.pk] = seen("on")
    assert looked_at(environment).status_since > then


@pytest.mark.parametrize("state", ["queued", "running"])
def test_work_under_way_is_left_alone(state: str, cluster_says: dict[UUID, Observation]) -> None:
    environment = make_environment(status="creating")
    make_work(environment, state=state)
    cluster_says[environment.pk] = seen("failed", "Not yet.")
    assert looked_at(environment).status == "creating"


def test_work_that_ended_while_the_cluster_was_asked_knows_better(
    cluster_says: dict[UUID, Observation], monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = make_environment(status="off")

    async def observe(target: object) -> dict[UUID, Observation]:
        return {environment.pk: seen("on")}

    monkeypatch.setattr(observing, "observe_environments", observe)
    make_work(environment, kind="stop", state="succeeded", finished_at=timezone.now() + timedelta(seconds=1))
    assert looked_at(environment).status == "off"


def test_a_provider_that_can_not_be_asked_does_not_touch_what_is_worked_on(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = make_provider(name="sydney")
    busy, idle = make_environment(provider, status="creating"), make_environment(provider)
    make_work(busy)

    async def observe(target: object) -> None:
        raise KubeError(Reason.UNREACHABLE, "No answer.")

    monkeypatch.setattr(observing, "observe_environments", observe)
    observe_provider(provider.pk)
    busy.refresh_from_db()
    idle.refresh_from_db()
    assert (busy.status, idle.status) == ("creating", "unknown")
    assert "No answer." in idle.message


def test_a_provider_in_error_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(target: ClusterTarget) -> None:
        raise AssertionError("its checks ask already")

    monkeypatch.setattr(observing, "observe_environments", ask)
    environment = looked_at(make_environment(make_provider(name="sydney", status="error")))
    assert (environment.status, environment.message) == ("unknown", "sydney is in Error.")


def test_a_provider_that_is_gone_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(observing, "observe_environments", lambda *given, **_: asked.append(given))
    provider = make_provider()
    pk = provider.pk
    WorkspaceProvider.objects.all().delete()
    observe_provider(pk)
    assert asked == []


def test_due_ones_are_claimed_once_and_by_provider(settings: Any) -> None:
    settings.OBSERVE_INTERVAL = timedelta(minutes=5)
    one, two = make_provider(), make_provider()
    for provider in (one, one, two):
        make_environment(provider)
    make_environment(make_provider(), next_observation_at=timezone.now() + timedelta(minutes=1))
    assert claim_due_observations() == {one.pk, two.pk}
    assert claim_due_observations() == set()
    assert Environment.objects.filter(next_observation_at__gt=timezone.now() + timedelta(minutes=4)).count() == 3


def test_a_quiet_provider_costs_no_query_per_environment(
    cluster_says: dict[UUID, Observation], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    provider = make_provider()
    for _ in range(10):
        cluster_says[make_environment(provider).pk] = seen("on")
    with django_assert_max_num_queries(6):
        observe_provider(provider.pk)
