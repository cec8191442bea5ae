"""The images of an organization, where an environment is created: offered, and what is left out is as they have it."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from environments.models import Environment, Image
from organizations.models import Organization, User
from tests.api.things import Program
from tests.environments.things import make_member
from tests.factories import make_environment, make_provider
from tests.people import make_organization, signed_in

pytestmark = pytest.mark.django_db
NEW = "/environments/new/"
BASE = "codercom/base"


def make_image(organization: Organization, repository: str = BASE, tag: str = "22.04", **fields: Any) -> Image:
    size = {"default_cpu_cores": "1.5", "default_memory_gb": 3, "default_disk_gb": 30}
    image = Image.objects.create(organization=organization, repository=repository, **size | fields)
    image.tags.create(tag="other")
    image.tags.create(tag=tag, is_default=True)
    return image


@pytest.fixture
def organization() -> Organization:
    organization = make_organization(name="Data Science")
    make_provider(name="sydney", is_default=True, organizations=[organization])
    return organization


@pytest.fixture
def owner(organization: Organization) -> User:
    return make_member(organization)


@pytest.fixture
def client(owner: User) -> Client:
    return signed_in(owner)


def test_the_form_offers_what_the_organization_has_and_nothing_else(client: Client, organization: Organization) -> None:
    make_image(organization, description="What most have")
    make_image(organization, "codercom/old", deprecated=True)
    make_image(make_organization(), "codercom/foreign")
    page = client.get(NEW).text
    assert f'<option value="{BASE}">22.04, 1.5 CPU cores, 3 GB, 30 GB disk</option>' in page
    assert "What most have" in page and "other" not in page.partition('id="images"')[2].partition("</section>")[0]
    assert "codercom/old" not in page and "codercom/foreign" not in page
    environment = make_environment(owner=organization.members.get(), organization=organization)
    assert f'<option value="{BASE}">' in client.get(f"/environments/{environment.pk}/rebuild/").text


def described(environment: Environment) -> tuple[str, str, str, int]:
    return environment.tag, str(environment.cpu_cores), str(environment.memory_gb), environment.disk_gb


@pytest.mark.parametrize(
    ("image", "typed", "expected"),
    [
        (BASE, {}, ("22.04", "1.50", "3.00", 30)),
        (BASE, {"tag": "other", "cpu_cores": "2"}, ("other", "2.00", "3.00", 30)),
        ("codercom/new", {"disk_gb": "7"}, ("latest", "2.00", "4.00", 7)),
    ],
)
def test_what_is_left_out_is_as_the_image_has_it(
    image: str,
    typed: dict[str, str],
    expected: tuple[Any, ...],
    client: Client,
    owner: User,
    organization: Organization,
) -> None:
    make_image(organization)
    make_image(make_organization(), image, tag="foreign", default_disk_gb=99)
    provider = str(organization.allowlist.get().provider_id)
    empty = dict.fromkeys(("tag", "cpu_cores", "memory_gb", "disk_gb"), "")
    wanted = {"organization": str(organization.pk), "image": image}
    answer = client.post(NEW, empty | {"gpus": "0", "provider": provider, "name": "dev"} | wanted | typed)
    assert answer.status_code == 302, answer.context["form"].errors
    assert Program(owner).post("/environments", {"name": "dev-2"} | wanted | typed).status_code == 201
    made = Environment.objects.order_by("name")
    assert [described(environment) for environment in made] == [expected, expected]


def test_more_images_cost_no_more_queries(
    client: Client, organization: Organization, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    counts = []
    for number in range(2):
        make_image(organization, f"codercom/image-{number}")
        with django_assert_max_num_queries(20) as queries:
            client.get(NEW)
        counts.append(len(queries))
    assert counts[0] == counts[1]
