"""A page that asks before an action does not promise what the action would refuse."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from organizations.models import User
from tests.factories import make_built_in, make_operation, make_provider
from tests.people import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(site_manager: User) -> Client:
    return signed_in(site_manager)


def answer(client: Client, view: str, provider: Any) -> str:
    return client.get(reverse(f"providers:{view}", args=[provider.pk]), follow=True).content.decode()


def test_the_built_in_provider_is_not_offered_a_deploy(client: Client) -> None:
    assert "The built-in provider needs no release" in answer(client, "provider_deploy", make_built_in())


@pytest.mark.parametrize(
    ("fields", "state"),
    [({"status": "error"}, "error"), ({"cordoned_at": "2026-01-01T00:00:00Z", "cordon_reason": "x"}, "cordoned")],
)
def test_a_provider_that_can_not_be_the_default_is_not_offered_it(
    client: Client, fields: dict[str, str], state: str
) -> None:
    provider = make_provider(name="sydney", **fields)
    assert f"be the default: it is {state}." in answer(client, "provider_set_default", provider)


@pytest.mark.parametrize("view", ["provider_preflight", "provider_deploy", "provider_delete"])
def test_a_second_operation_is_not_offered_while_one_is_under_way(client: Client, view: str) -> None:
    operation = make_operation(make_provider(name="sydney"))
    assert "Deploy by mira@example.com is under way on sydney." in answer(client, view, operation.provider)
