"""Registers a provider for each cluster, and one whose operations have long logs.

`python -m benchmarks.deployments` reads `{"targets": [...], "logs": [[state, number of lines], ...]}` and prints a
Registered as JSON.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypedDict
from uuid import UUID

if TYPE_CHECKING:
    from providers.models import OperationLine, WorkspaceProvider

# What a pre-flight and Helm write, in about the lengths that they have.
LINES = (
    ("ok", "DNS: region-00001.example.com is 10.0.0.1.", ""),
    ("info", "Upgrading release coder-workspace-provider to revision 2, chart workspace-provider 0.1.0.", ""),
    ("warning", "Ingress: no IngressClass is the default.", "Name one in the provider's settings, or mark a default."),
    ("info", "1 of 1 pods are ready", ""),
)


class Registered(TypedDict):
    """`providers`: id and values of the release, without a token, in the order of the targets; `logs`: ids."""

    providers: list[tuple[str, dict[str, Any]]]
    logs: list[str]


def main(targets: Sequence[dict[str, str]], logs: Sequence[tuple[str, int]]) -> Registered:
    import django

    django.setup()
    from django.db import connection

    from benchmarks.seed import make_person
    from providers.services.values import release_values

    make_person()
    made = [_register(f"cluster-{number}", target) for number, target in enumerate(targets)]
    talkative = _register("talkative", None)
    added = [_add_operation(talkative, state, lines) for state, lines in logs]
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")  # as autovacuum does within a minute
    return {
        "providers": [(str(provider.pk), release_values(provider, token="")) for provider in made],
        "logs": added,
    }


def _register(name: str, target: dict[str, str] | None) -> "WorkspaceProvider":
    from django.conf import settings

    from audit.services import SYSTEM
    from providers.addresses import normalise_hostname
    from providers.choices import CredentialKind
    from providers.services import Registration, register_provider
    from providers.target import ClusterTarget

    host = settings.ACCESS_URL.partition("://")[2]
    place = ClusterTarget(**target) if target else None
    registration = Registration(
        name=name,
        hostname=normalise_hostname(f"{name}.{host}", access_url=settings.ACCESS_URL),
        cluster_address=place.address if place else "https://talkative.example.com",
        namespace=place.namespace if place else "coder",
        credential_kind=CredentialKind.KUBECONFIG if place else CredentialKind.ENROLMENT,
    )
    return register_provider(actor=SYSTEM, registration=registration, target=place)


def _add_operation(provider: "WorkspaceProvider", state: str, lines: int) -> str:
    from django.utils import timezone

    from providers.choices import OperationKind, OperationState
    from providers.models import Operation, OperationLine

    now = timezone.now()
    operation = Operation.objects.create(
        provider=provider,
        provider_name=provider.name,
        kind=OperationKind.DEPLOY,
        state=state,
        requested_by_name="Bench",
        started_at=now,
        finished_at=None if state == OperationState.RUNNING else now,
    )
    OperationLine.objects.bulk_create(_lines(operation.pk, lines), batch_size=1000)
    return str(operation.pk)


def _lines(operation: UUID, count: int) -> Iterator["OperationLine"]:
    from providers.models import OperationLine

    for number in range(count):
        level, text, remedy = LINES[number % len(LINES)]
        yield OperationLine(operation_id=operation, level=level, text=text, remedy=remedy)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(**json.load(sys.stdin))))
