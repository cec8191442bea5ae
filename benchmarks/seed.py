"""Fills a database: `python -m benchmarks.seed` with a World as JSON on stdin.

Each page of fifty shows the same marks: broken ones, a cordoned one, one with an older chart, one changed by hand, one
with changes that are not deployed, a busy one, a pending one. Twenty are named `sydney-*`, so that a search shows the
same number of cards whatever the size.
"""

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks import rows

if TYPE_CHECKING:
    from providers.models import WorkspaceProvider

LIST = "/manage/admin/workspace-providers/"
EMAIL = "bench@example.com"
MEMBER = "member@example.com"
PASSWORD = "a password for benchmarks"  # noqa: S105 - of accounts that live for one run
OFFERED = 200  # providers of the member's organization
PEOPLE = 200
SYDNEY = 20


@dataclass(frozen=True)
class World:
    """How much of everything there is; `audit`: events."""

    providers: int
    organizations: int
    environments: int
    audit: int


def main(world: World) -> None:
    import django

    django.setup()
    from django.db import connection

    _make_people(world)
    _make_providers(world.providers)
    with connection.cursor() as cursor:
        for statement in rows.FURNITURE:
            cursor.execute(statement, vars(world) | {"offered": OFFERED, "member": MEMBER})
        rows.fill_audit_log(cursor, world.audit)
        cursor.execute("VACUUM ANALYZE")


def make_person() -> None:
    from organizations.models import User

    User.objects.create_superuser(EMAIL, PASSWORD, name="Bench")


def _make_people(world: World) -> None:
    """The site admin, a member of one organization, and the owners of environments."""
    from organizations.models import Membership, Organization, User

    make_person()
    platform = Organization.objects.create(name="Platform")
    Membership.objects.create(user=User.objects.create_user(MEMBER, PASSWORD, name="Member"), organization=platform)
    Organization.objects.bulk_create(Organization(name=f"Team {n:03}") for n in range(world.organizations - 1))
    User.objects.bulk_create(
        User(email=f"person{n}@example.com", username=f"person{n}", name=f"Person {n}") for n in range(PEOPLE)
    )


def _make_providers(count: int) -> None:
    from providers.models import WorkspaceProvider

    made = [_provider(number, sydney=number % (count // SYDNEY) == 5) for number in range(count)]
    WorkspaceProvider.objects.bulk_create(made, batch_size=1000)


def _provider(number: int, *, sydney: bool) -> "WorkspaceProvider":
    from django.utils import timezone

    from providers.choices import CredentialKind, ProviderStatus
    from providers.models import WorkspaceProvider

    now = timezone.now()
    name = f"{'sydney' if sydney else 'region'}-{number:05}"
    provider = WorkspaceProvider(
        name=name,
        hostname=f"https://{name}.coder.example.com",
        devurl_host=f"*.{name}.coder.example.com",
        cluster_address=f"https://{name}.example.com:6443",
        namespace="coder",
        credential_kind=CredentialKind.FIELDS,
        built_in=number == 0,
        is_default=number == 0,
        status=ProviderStatus.READY,
        deployed_at=now,
        last_check_at=now,
        last_check_ms=212,
        kubernetes_version="1.34.2",
        chart_version="0.1.0",
        release_revision=3,
        deployed_revision=3,
        release_values_revision=3,
    )
    provider.deployed_values = provider.release_values = _values(provider)
    if change := MARKED.get(number % 50):
        change(provider)
    return provider


def _values(provider: "WorkspaceProvider") -> dict[str, Any]:
    from django.conf import settings

    from providers.kube.release_values import cleaned
    from providers.services.values import _values

    return cleaned(_values(provider, access_url=settings.ACCESS_URL)) or {}


def _break(provider: "WorkspaceProvider") -> None:
    provider.status, provider.reason, provider.failed_checks = "error", "connect_timeout", 9
    provider.message = f"{provider.name}.example.com:6443 did not answer within 5 seconds."


def _cordon(provider: "WorkspaceProvider") -> None:
    provider.cordoned_at, provider.cordoned_by = provider.deployed_at, EMAIL
    provider.cordon_reason = "its nodes are being replaced"


def _leave_behind(provider: "WorkspaceProvider") -> None:
    provider.chart_version = "0.0.9"


def _change_by_hand(provider: "WorkspaceProvider") -> None:
    provider.release_values = provider.release_values | {"ssh": {"enable": False}}
    provider.release_values_revision = provider.release_revision = 4


def _edit(provider: "WorkspaceProvider") -> None:
    provider.devurl_host = ""


def _wait(provider: "WorkspaceProvider") -> None:
    provider.status, provider.reason = "pending", "not_deployed"
    provider.deployed_at = provider.release_revision = None
    provider.deployed_revision = provider.release_values_revision = None
    provider.deployed_values, provider.release_values = {}, {}


MARKED = {
    3: _cordon,
    **dict.fromkeys((7, 17, 27, 37, 47), _break),
    11: _leave_behind,
    13: _change_by_hand,
    19: _edit,
    29: _wait,
}

if __name__ == "__main__":
    main(World(**json.load(sys.stdin)))
