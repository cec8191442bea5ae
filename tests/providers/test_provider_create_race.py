"""Two people who register the same thing at the same moment."""

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from audit.services import SYSTEM
from providers.choices import CredentialKind
from providers.models import WorkspaceProvider
from providers.services import Registration, register_provider
from providers.target import ClusterTarget


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_wins_and_the_others_read_why() -> None:
    together = threading.Barrier(4)
    refusals: list[str] = []

    def register() -> None:
        registration = Registration(
            name="sydney",
            hostname="http://sydney.testserver",
            cluster_address="https://203.0.113.7",
            namespace="coder",
            credential_kind=CredentialKind.FIELDS,
        )
        target = ClusterTarget(address="https://203.0.113.7", namespace="coder", token="t")
        together.wait()
        try:
            register_provider(actor=SYSTEM, registration=registration, target=target)
        except ValidationError as error:
            refusals.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=register) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert WorkspaceProvider.objects.count() == 1
    assert len(refusals) == 3
    assert all("Another provider has this name." in refusal for refusal in refusals)
