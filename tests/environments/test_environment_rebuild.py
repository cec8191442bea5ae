"""The form to rebuild an environment with another image or size."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from environments.models import Environment, EnvironmentOperation
from organizations.models import Organization
from tests.environments.things import make_member, make_work
from tests.factories import make_environment
from tests.people import make_organization, signed_in

pytestmark = pytest.mark.django_db
TYPED = {"image": "codercom/golang", "tag": "2", "cpu_cores": "1", "memory_gb": "4", "disk_gb": "20", "gpus": "0"}


@pytest.fixture
def organization() -> Organization:
    return make_organization(name="Data Science", quota_cpu_cores=4)


@pytest.fixture
def environment(organization: Organization) -> Environment:
    owner = make_member(organization, email="ada@example.com")
    return make_environment(owner=owner, organization=organization, name="dev", disk_gb=10)


@pytest.fixture
def client(environment: Environment) -> Client:
    return signed_in(environment.owner)


def path_of(environment: Environment, view: str = "rebuild") -> str:
    return reverse(f"environments:environment_{view}", args=[environment.pk])


def post(client: Client, environment: Environment, **changes: Any) -> Any:
    return client.post(path_of(environment), TYPED | {"revision": "1"} | changes)


def test_it_shows_what_is_and_changes_what_was_typed(client: Client, environment: Environment) -> None:
    page = client.get(path_of(environment)).text
    assert 'value="codercom/enterprise-base"' in page
    assert "It never shrinks: 10 GB or more." in page
    assert post(client, environment)["Location"] == path_of(environment, "detail")
    environment.refresh_from_db()
    assert (environment.image, environment.tag, environment.cpu_cores) == ("codercom/golang", "2", 1)
    assert environment.operations.get().kind == "rebuild"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("disk_gb", "9", "The disk never shrinks: it has 10 GB now."),
        ("disk_gb", "8193", "less than or equal to 8192"),
        ("image", "a:b", "without its tag"),
        ("tag", "", "This field is required."),
        ("cpu_cores", "0", "greater than or equal to 0.1"),
    ],
)
def test_what_can_not_be_is_told_at_its_field_and_changes_nothing(
    field: str, value: str, words: str, client: Client, environment: Environment
) -> None:
    errors = post(client, environment, **{field: value}).context["form"].errors
    assert list(errors) == [field]
    assert words in errors[field][0]
    environment.refresh_from_db()
    assert environment.revision == 1
    assert not EnvironmentOperation.objects.exists()


def test_a_quota_that_is_passed_is_told_at_the_quota(
    client: Client, environment: Environment, organization: Organization
) -> None:
    make_environment(owner=environment.owner, organization=organization, cpu_cores=1)
    answer = post(client, environment, cpu_cores="3.5")
    assert list(answer.context["form"].errors) == ["quota"]
    assert "3.5 CPU cores of 3 left" in answer.text
    assert 'value="3.5"' in answer.text


def test_whoever_was_overtaken_sees_what_is_and_what_was_typed(client: Client, environment: Environment) -> None:
    Environment.objects.update(revision=2, tag="theirs")
    page = post(client, environment).text
    assert "Somebody changed dev after you opened this form." in page
    assert 'value="theirs"' in page
    assert 'name="revision" value="2"' in page
    assert "<dt>Image</dt><dd>codercom/golang</dd>" in page
    assert not EnvironmentOperation.objects.exists()


@pytest.mark.parametrize("revision", ["", "x", "-1", "99999999999999999999"])
def test_a_revision_that_makes_no_sense_is_no_error_of_ours(
    revision: str, client: Client, environment: Environment
) -> None:
    assert post(client, environment, revision=revision).status_code == 200
    assert not EnvironmentOperation.objects.exists()


def test_it_is_refused_while_other_work_goes_on(client: Client, environment: Environment) -> None:
    make_work(environment, kind="stop")
    answer = client.post(path_of(environment), TYPED | {"revision": "1"}, follow=True)
    assert "Stop by ada@example.com is under way on dev." in answer.text
    environment.refresh_from_db()
    assert environment.image == "codercom/enterprise-base"
