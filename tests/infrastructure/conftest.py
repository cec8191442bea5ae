"""A deployment, a site manager, and a change of the access URL that has just been switched."""

from typing import Any

import pytest
from django.utils import timezone

from audit.services import Actor
from infrastructure import services
from infrastructure.models import AccessURLChange
from organizations.models import User
from providers.choices import ProviderStatus
from tests.factories import make_built_in, make_environment, make_provider
from tests.infrastructure.rollouts import OLD, checked_change


@pytest.fixture
def deployment(settings: Any, db: None) -> None:
    settings.ACCESS_URL = OLD
    settings.REDEPLOY_CONCURRENCY = 2
    make_built_in()


@pytest.fixture
def manager(site_manager: User) -> Actor:
    return Actor(user=site_manager)


@pytest.fixture
def change(manager: Actor) -> AccessURLChange:
    """Switched, with four providers: calm is the canary."""
    make_provider(name="calm", last_beat_at=timezone.now())
    for name in ("busy", "sydney"):
        make_environment(make_provider(name=name, last_beat_at=timezone.now()))
    make_provider(name="troubled", status=ProviderStatus.ERROR)
    return services.switch(actor=manager, change=checked_change())
