"""A broker that is away or silent: pages answer, and the row waits for the next sweep."""

import socket
import time
from collections.abc import Iterator
from uuid import UUID

import pytest
from django.db import transaction
from django.urls import reverse

from coderadmin.celery import app
from organizations.models import User
from providers.choices import OperationState
from providers.models import Operation, WorkspaceProvider
from providers.services import dispatch
from tests.factories import make_provider
from tests.people import signed_in

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 5.0  # seconds; the client of the broker alone would wait for minutes


@pytest.fixture(params=["closed", "silent"])
def broker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A port where nobody listens, or one that takes connections and never says a word."""
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        if request.param == "silent":
            port.listen()
        monkeypatch.setattr(app.conf, "broker_write_url", f"redis://127.0.0.1:{port.getsockname()[1]}/0")
        yield


def test_a_broker_that_works_gets_the_message() -> None:
    with app.connection_for_read() as connection:
        queue = connection.SimpleQueue(app.amqp.router.route({}, "providers.run_operation")["queue"].name)
        queue.clear()
        transaction.atomic()(dispatch.run_operation)(UUID(int=7))
        assert queue.get(timeout=5).payload[0] == [str(UUID(int=7))]
        queue.clear()
        queue.close()


@pytest.mark.usefixtures("broker")
def test_what_is_registered_is_said_to_be(site_manager: User) -> None:
    form = {
        "way": "fields",
        "name": "sydney",
        "cluster_address": "https://203.0.113.7:6443",
        "namespace": "coder",
        "token": "t",
        "envproxy_replicas": "1",
    }
    page = signed_in(site_manager).post(reverse("providers:provider_create"), form, follow=True)
    assert "sydney is registered." in page.text
    assert WorkspaceProvider.objects.get().name == "sydney"


@pytest.mark.usefixtures("broker")
def test_a_deploy_is_accepted_and_waits(site_manager: User) -> None:
    provider, began = make_provider(), time.monotonic()
    response = signed_in(site_manager).post(reverse("providers:provider_deploy", args=[provider.pk]))
    assert response.status_code == 302
    assert time.monotonic() - began < PATIENCE
    assert Operation.objects.get(provider=provider).state == OperationState.QUEUED
