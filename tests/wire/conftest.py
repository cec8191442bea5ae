from collections.abc import Callable
from typing import Any

import pytest

from organizations.models import User
from tests.api.things import make_token
from tests.wire.original import Original

Sign = Callable[..., Original]


@pytest.fixture
def sign_in(live_server: Any) -> Sign:
    """The client of a person, with a token of that person."""

    def client_of(person: User | None = None, *scopes: Any, **options: Any) -> Original:
        token = make_token(person, *scopes) if person else ""
        return Original(live_server.url, token=token, **options)

    return client_of
