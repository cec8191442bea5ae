"""What a worker does with an environment, on the sandbox and on every real cluster."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.services import Actor
from environments.models import Environment, EnvironmentOperation
from environments.services import (
    Plan,
    cancel_environment_operation,
    create_environment,
    delete_environment,
    rebuild_environment,
    start_environment,
    stop_environment,
    stranded_environment_operations,
    working,
)
from environments.services.working import run_environment_operation
from organizations.models import Organization, User
from providers.choices import OperationState
from providers.kube.blocking import run
from providers.kube.client import namespaced
from providers.kube.environment_objects import object_name
from providers.kube.environments import observe_environment
from providers.models import AllowlistEntry, WorkspaceProvider
from providers.target import ClusterTarget
from tests.clusters import Cluster, FaultyCluster, eventually
from tests.environments.things import done, log_of, make_member, make_plan, outcomes
from tests.factories import make_environment, make_operation
from tests.kube.things import with_client
from tests.people import make_organization
from tests.providers.clusters import register_on, soon, target_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(working, "POLL_SECONDS", 0.1)
    soon(settings, BUILD_TIMEOUT=60)


@pytest.fixture
def organization() -> Organization:
    return make_organization(name="Data Science")


@pytest.fixture
def actor(organization: Organization) -> Actor:
    return Actor(user=make_member(organization, email="ada@example.com"))


@pytest.fixture
def target(cluster: Cluster) -> ClusterTarget:
    return target_in(cluster.kubeconfig, cluster.namespace)


def provider_on(target: ClusterTarget, organization: Organization, storage_class: str = "") -> WorkspaceProvider:
    """Ready, although nothing was deployed there: environments need the namespace only."""
    provider = register_on(Actor(), target, storage_class=storage_class)
    WorkspaceProvider.objects.filter(pk=provider.pk).update(status="ready", reason="")
    AllowlistEntry.objects.create(provider=provider, organization=organization)
    return WorkspaceProvider.objects.get(pk=provider.pk)


@pytest.fixture
def provider(target: ClusterTarget, organization: Organization, storage: str) -> WorkspaceProvider:
    return provider_on(target, organization, storage)


def asked_for(
    actor: Actor, provider: WorkspaceProvider, organization: Organization, plan: Plan | None = None
) -> Environment:
    assert isinstance(actor.user, User)
    return create_environment(
        actor=actor, owner=actor.user, organization=organization, provider=provider, plan=plan or make_plan()
    )


def newest(environment: Environment) -> EnvironmentOperation:
    operation: EnvironmentOperation = environment.operations.first()  # type: ignore[assignment]
    return operation


@pytest.fixture
def built(actor: Actor, provider: WorkspaceProvider, organization: Organization) -> Environment:
    environment = asked_for(actor, provider, organization)
    operation = done(newest(environment))
    assert operation.state == OperationState.SUCCEEDED, log_of(operation)
    environment.refresh_from_db()
    return environment


def on_cluster(target: ClusterTarget, environment: Environment) -> str:
    return run(observe_environment(target, object_name(environment.name, environment.pk))).state


def test_a_new_environment_is_built_until_it_is_on(built: Environment, target: ClusterTarget) -> None:
    assert (built.status, built.message) == ("on", "")
    assert on_cluster(target, built) == "on"
    assert outcomes("environment.create") == [("requested", "ada@example.com"), ("succeeded", "ada@example.com")]
    log = log_of(newest(built))
    assert "Building on sydney from codercom/enterprise-base:latest." in log
    assert f"Deployment {object_name('dev', built.pk)} is applied." in log
    assert log.endswith("ok dev is on.")


def test_it_is_stopped_started_and_rebuilt_with_another_size(
    built: Environment, actor: Actor, target: ClusterTarget
) -> None:
    operation = done(stop_environment(actor=actor, environment=built))
    built.refresh_from_db()
    assert (built.status, on_cluster(target, built)) == ("off", "off"), log_of(operation)
    assert "its home stays" in log_of(operation)

    rebuild = rebuild_environment(actor=actor, environment=built, revision=1, changes={"tag": "2"})
    assert done(rebuild).state == OperationState.SUCCEEDED
    built.refresh_from_db()
    assert (built.status, on_cluster(target, built)) == ("off", "off")

    done(start_environment(actor=actor, environment=built))
    built.refresh_from_db()
    assert (built.status, on_cluster(target, built)) == ("on", "on")
    for verb in ("stop", "rebuild", "start"):
        assert outcomes(f"environment.{verb}") == [("requested", "ada@example.com"), ("succeeded", "ada@example.com")]


def test_stopping_what_is_gone_ends_at_once(
    actor: Actor, built: Environment, target: ClusterTarget, settings: Any
) -> None:
    path = namespaced(target, "apps/v1", "deployments", object_name(built.name, built.pk))
    assert with_client(target, lambda client: client.delete(path))
    assert eventually(lambda: on_cluster(target, built) == "missing")
    soon(settings, BUILD_TIMEOUT=5)
    operation = done(stop_environment(actor=actor, environment=built))
    assert operation.state == OperationState.SUCCEEDED, log_of(operation)
    assert "The Deployment is gone: there is nothing to stop." in log_of(operation)


def test_deleting_takes_everything_on_the_cluster_and_the_row(
    built: Environment, actor: Actor, target: ClusterTarget
) -> None:
    name = object_name(built.name, built.pk)
    done(delete_environment(actor=actor, environment=built))
    assert not Environment.objects.exists()
    assert not EnvironmentOperation.objects.exists()
    assert run(observe_environment(target, name)).state == "missing"
    assert outcomes("environment.delete") == [("requested", "ada@example.com"), ("succeeded", "ada@example.com")]
    assert AllowlistEntry.objects.exists(), "an entry that is not closing stays"


def test_the_last_deletion_takes_a_closing_entry_along(
    built: Environment, actor: Actor, provider: WorkspaceProvider, organization: Organization
) -> None:
    other = make_environment(provider, organization=organization, name="other", status="off")
    AllowlistEntry.objects.update(closing=True)
    done(delete_environment(actor=Actor(), environment=other))
    assert AllowlistEntry.objects.exists()
    done(delete_environment(actor=actor, environment=built))
    assert not AllowlistEntry.objects.exists()


def test_an_image_that_can_not_be_pulled_fails_with_the_reason(
    actor: Actor, provider: WorkspaceProvider, organization: Organization
) -> None:
    environment = asked_for(actor, provider, organization, make_plan(image="registry.invalid/broken", tag="7"))
    operation = done(newest(environment))
    assert (operation.state, operation.error_code) == (OperationState.FAILED, "build_failed")
    environment.refresh_from_db()
    assert environment.status == "failed"
    assert "The image registry.invalid/broken:7 cannot be pulled" in environment.message
    assert environment.message == operation.error_text
    assert outcomes("environment.create")[-1] == ("failed", "ada@example.com")

    repaired = rebuild_environment(
        actor=actor, environment=environment, revision=1, changes={"image": "registry.invalid/base"}
    )
    assert done(repaired).state == OperationState.SUCCEEDED
    environment.refresh_from_db()
    assert (environment.status, environment.message) == ("on", "")


def test_what_no_node_takes_fails_after_the_time_for_it_with_the_schedulers_words(
    actor: Actor, provider: WorkspaceProvider, organization: Organization, settings: Any
) -> None:
    soon(settings, BUILD_TIMEOUT=3)
    WorkspaceProvider.objects.update(node_selector={"example.com/no-such": "node"})
    environment = asked_for(actor, provider, organization)
    operation = done(newest(environment))
    assert operation.error_code == "build_timeout"
    environment.refresh_from_db()
    assert environment.status == "failed"
    assert "No node takes the pod" in environment.message
    assert "warning " in log_of(operation)


def test_a_killed_workers_build_is_taken_over_and_ends_once(
    actor: Actor, provider: WorkspaceProvider, organization: Organization
) -> None:
    environment = asked_for(actor, provider, organization)
    operation = newest(environment)
    past = timezone.now() - timedelta(seconds=1)
    EnvironmentOperation.objects.update(state="running", attempts=1, lease_expires_at=past, started_at=past)
    assert stranded_environment_operations() == [operation.pk]
    operation = done(operation)
    assert (operation.state, operation.attempts) == (OperationState.SUCCEEDED, 2)
    assert "The worker was lost; another one takes over." in log_of(operation)
    run_environment_operation(operation.pk)
    assert outcomes("environment.create") == [("requested", "ada@example.com"), ("succeeded", "ada@example.com")]


def test_a_deletion_that_a_worker_was_killed_in_is_finished(
    built: Environment, actor: Actor, target: ClusterTarget
) -> None:
    from providers.kube.environments import delete_environment as take_away

    operation = delete_environment(actor=actor, environment=built)
    run(take_away(target, object_name(built.name, built.pk)))
    past = timezone.now() - timedelta(seconds=1)
    EnvironmentOperation.objects.filter(pk=operation.pk).update(state="running", attempts=1, lease_expires_at=past)
    done(operation)
    assert not Environment.objects.exists()


def test_a_build_that_is_called_off_ends_as_cancelled(
    actor: Actor, provider: WorkspaceProvider, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    from providers.services import leasing

    monkeypatch.setattr(leasing, "RENEWAL_SECONDS", 0.1)
    WorkspaceProvider.objects.update(node_selector={"example.com/no-such": "node"})
    environment = asked_for(actor, provider, organization)
    operation = newest(environment)
    worker = threading.Thread(target=run_environment_operation, args=(operation.pk,))
    worker.start()
    assert eventually(lambda: "Deployment" in log_of(operation))
    cancel_environment_operation(actor=actor, operation=operation)
    worker.join(20)
    operation.refresh_from_db()
    environment.refresh_from_db()
    assert operation.state == OperationState.CANCELLED
    assert (environment.status, environment.message) == ("unknown", "The operation was cancelled.")


def test_a_build_waits_for_the_providers_deploy(
    actor: Actor, provider: WorkspaceProvider, organization: Organization
) -> None:
    deploy = make_operation(provider, state="running")
    environment = asked_for(actor, provider, organization)
    operation = newest(environment)
    worker = threading.Thread(target=run_environment_operation, args=(operation.pk,))
    worker.start()
    assert eventually(lambda: "sydney is being deployed; the build waits for it." in log_of(operation))
    assert "Building on" not in log_of(operation)
    type(deploy).objects.filter(pk=deploy.pk).update(state="succeeded")
    worker.join(30)
    environment.refresh_from_db()
    assert environment.status == "on"


@pytest.fixture
def far(faulty_cluster: FaultyCluster, organization: Organization) -> WorkspaceProvider:
    return provider_on(target_in(faulty_cluster.kubeconfig, faulty_cluster.namespace), organization)


def test_a_cluster_that_does_not_answer_fails_the_work_and_forgets_nothing(
    far: WorkspaceProvider, faulty_cluster: FaultyCluster, actor: Actor, organization: Organization
) -> None:
    environment = make_environment(far, owner=actor.user, organization=organization, name="dev")
    faulty_cluster.fault("unreachable")
    for operation in (
        done(stop_environment(actor=actor, environment=environment)),
        done(delete_environment(actor=actor, environment=environment)),
    ):
        assert operation.state == OperationState.FAILED, log_of(operation)
        assert operation.error_text
    environment.refresh_from_db()
    assert environment.status == "unknown"
    assert environment.message == operation.error_text
    faulty_cluster.fault("unreachable", on=False)
    done(delete_environment(actor=actor, environment=environment))
    assert not Environment.objects.exists()


def test_objects_are_left_behind_without_asking_the_cluster(
    far: WorkspaceProvider, faulty_cluster: FaultyCluster, site_manager: User, organization: Organization
) -> None:
    environment = make_environment(far, organization=organization, name="dev")
    faulty_cluster.fault("unreachable")
    done(delete_environment(actor=Actor(user=site_manager), environment=environment, leave_objects=True))
    assert not Environment.objects.exists()
    assert outcomes("environment.delete")[-1] == ("succeeded", site_manager.email)
