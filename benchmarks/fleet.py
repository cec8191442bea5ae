"""A fleet of endpoints as programs see it: started, told to misbehave, registered as Ready providers.

`python -m benchmarks.fleet` registers, given a description as JSON on its standard input.
"""

import json
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.endpoints import address_of
from benchmarks.stack import Environment, Stack, wait_for


@dataclass(frozen=True)
class Fleet:
    """`file` says where the endpoints are."""

    file: Path
    count: int

    @property
    def places(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.file.read_text())
        return found

    def behave(self, **wanted: object) -> int:
        """From now on all are well but for what is `wanted`; says how many requests there were before."""
        message = {"delay": 0.0, "share": 0.0} | wanted
        with socket.create_connection(("127.0.0.1", self.places["control"])) as connection:
            connection.sendall(json.dumps(message).encode() + b"\n")
            return int(connection.makefile().readline())


def start_fleet(stack: Stack, environment: Environment, *, count: int) -> Fleet:
    """Serve `count` endpoints and register them, `endpoint-0` and on; nobody checks them yet."""
    folder = stack.folder / "fleet"
    folder.mkdir()
    stack.start("fleet", [sys.executable, "-m", "benchmarks.endpoints", str(folder)], environment)
    fleet = Fleet(folder / "fleet.json", count)
    wait_for(fleet.file.exists, "the fleet does not serve")
    stack.run(["benchmarks.fleet"], environment, given=json.dumps(fleet.places | {"count": count}))
    return fleet


def _register(places: dict[str, Any]) -> None:
    import django

    django.setup()
    from django.utils import timezone

    from benchmarks.seed import make_person
    from providers.choices import CredentialKind, ProviderStatus
    from providers.models import ClusterCredential, WorkspaceProvider

    make_person()
    made = WorkspaceProvider.objects.bulk_create(
        WorkspaceProvider(
            name=f"endpoint-{number}",
            hostname=f"https://endpoint-{number}.example.com",
            cluster_address=f"https://{address_of(number)}:{places['port']}",
            namespace="coder",
            credential_kind=CredentialKind.FIELDS,
            status=ProviderStatus.READY,
            deployed_at=timezone.now(),
        )
        for number in range(places["count"])
    )
    ClusterCredential.objects.bulk_create(
        ClusterCredential(provider=provider, token=f"token-{provider.name}", ca_pem=places["ca_pem"])
        for provider in made
    )


if __name__ == "__main__":
    _register(json.load(sys.stdin))
