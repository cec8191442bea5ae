"""What the tests of the pages share."""

from typing import Any

from django.test import Client
from django.urls import reverse

from audit.services import Actor
from infrastructure import services
from infrastructure.models import AccessURLChange
from organizations.models import User
from tests.factories import make_provider
from tests.infrastructure.rollouts import checked_change


def page_of(change: AccessURLChange) -> str:
    return reverse("infrastructure:change_detail", args=[change.pk])


def shown(client: Client, change: AccessURLChange) -> str:
    """The text of its page, with single spaces."""
    response = client.get(page_of(change))
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def switched(site_manager: User, *names: str, **fields: Any) -> AccessURLChange:
    for name in names:
        make_provider(name=name, **fields)
    return services.switch(actor=Actor(user=site_manager), change=checked_change())
