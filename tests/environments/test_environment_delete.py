"""Deleting an environment: what the page says will be gone, the typed name, and leaving objects behind."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from environments.models import Environment, EnvironmentOperation
from organizations.models import User
from providers.kube.environment_objects import object_name
from tests.environments.things import make_work
from tests.factories import make_environment, make_provider
from tests.people import signed_in

pytestmark = pytest.mark.django_db
NAME = {"confirmation": "dev"}


@pytest.fixture
def environment(member: User) -> Environment:
    return make_environment(make_provider(name="sydney"), owner=member, name="dev", disk_gb=30)


@pytest.fixture
def client(member: User) -> Client:
    return signed_in(member)


def path_of(environment: Environment, view: str = "delete") -> str:
    return reverse(f"environments:environment_{view}", args=[environment.pk])


def test_it_says_that_the_home_is_gone_and_wants_the_name(client: Client, environment: Environment) -> None:
    page = client.get(path_of(environment)).text
    assert "Its home, 30 GB of disk with everything in it, is deleted for good." in page
    assert "Type dev to confirm" in page
    assert not EnvironmentOperation.objects.exists()


@pytest.mark.parametrize("typed", ["", "Dev", "dev2", "x" * 1000, "a\0b"])
def test_another_name_deletes_nothing(typed: str, client: Client, environment: Environment) -> None:
    answer = client.post(path_of(environment), {"confirmation": typed})
    assert list(answer.context["form"].errors) == ["confirmation"]
    assert not EnvironmentOperation.objects.exists()


def test_the_name_has_it_deleted_and_leads_to_the_log(client: Client, environment: Environment) -> None:
    answer = client.post(path_of(environment), NAME)
    assert answer["Location"] == path_of(environment, "detail")
    work = EnvironmentOperation.objects.get()
    assert (work.kind, work.parameters) == ("delete", {"leave_objects": False})


def test_it_is_refused_while_other_work_goes_on(client: Client, environment: Environment) -> None:
    make_work(environment, kind="rebuild")
    answer = client.post(path_of(environment), NAME, follow=True)
    assert "Rebuild by member@example.com is under way on dev." in answer.text


def test_objects_are_left_behind_only_when_the_cluster_is_out_of_reach(
    site_manager: User, environment: Environment
) -> None:
    client = signed_in(site_manager)
    for method in (client.get, client.post):
        assert (
            "The cluster of sydney is within reach."
            in method(path_of(environment, "delete_anyway"), NAME, follow=True).text
        )
    assert not EnvironmentOperation.objects.exists()
    environment.provider.status, environment.provider.reason = "error", "connect_timeout"
    environment.provider.save()
    page = client.get(path_of(environment, "delete_anyway")).text
    assert object_name("dev", environment.pk) in page
    assert environment.provider.cluster_address in page
    client.post(path_of(environment, "delete_anyway"), {"confirmation": "Dev"})
    assert not EnvironmentOperation.objects.exists()
    client.post(path_of(environment, "delete_anyway"), NAME)
    assert EnvironmentOperation.objects.get().parameters == {"leave_objects": True}


def test_a_deletion_that_failed_opens_the_other_way(site_manager: User, environment: Environment) -> None:
    make_work(environment, kind="delete", state="failed", error_code="unreachable", finished_at=timezone.now())
    assert signed_in(site_manager).get(path_of(environment, "delete_anyway")).status_code == 200
