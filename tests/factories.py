"""One make_<model>() per model, with valid defaults; every call makes another one."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from environments.models import Environment
from organizations.models import Organization, User
from providers.choices import ChangeKind, CredentialKind, LineLevel, OperationKind, ProviderStatus
from providers.models import (
    AllowlistEntry,
    ClusterCredential,
    Operation,
    OperationLine,
    StatusChange,
    WorkspaceProvider,
)
from tests.people import make_organization, make_user

__all__ = [
    "CLIENT_KEY",
    "CLUSTER_TOKEN",
    "make_built_in",
    "make_environment",
    "make_operation",
    "make_organization",
    "make_provider",
    "make_status_change",
    "make_user",
]

CLUSTER_TOKEN = "cluster-token-that-no-page-may-show"
CLIENT_KEY = "client-key-that-no-page-may-show"

_numbers = count(1)


def make_provider(
    *, organizations: list[Organization] | None = None, credential: bool = True, **fields: Any
) -> WorkspaceProvider:
    """A remote provider that is Ready, deployed and was just checked."""
    number, now = next(_numbers), timezone.now()
    name = fields.setdefault("name", f"provider-{number}")
    defaults = {
        "hostname": f"https://{name}.coder.example.com",
        "devurl_host": f"*.{name}.coder.example.com",
        "cluster_address": f"https://203.0.113.7:{10_000 + number}",
        "namespace": "coder",
        "credential_kind": CredentialKind.FIELDS,
        "status": ProviderStatus.READY,
        "deployed_at": now - timedelta(days=40),
        "last_check_at": now - timedelta(seconds=12),
        "last_check_ms": 212,
        "next_check_at": now + timedelta(seconds=18),
        "kubernetes_version": "1.34.2",
        "chart_version": "0.1.0",
        "release_revision": 3,
    }
    created_at, since = fields.pop("created_at", None), fields.pop("status_since", None)
    provider = WorkspaceProvider.objects.create(**defaults | fields)
    _backdate(provider, created_at=created_at or now - timedelta(days=40), status_since=since)
    if credential and provider.credential_kind != CredentialKind.IN_CLUSTER:
        ClusterCredential.objects.create(provider=provider, token=CLUSTER_TOKEN, client_key_pem=CLIENT_KEY)
    for organization in organizations or []:
        AllowlistEntry.objects.create(provider=provider, organization=organization)
    return provider


def make_built_in(**fields: Any) -> WorkspaceProvider:
    """The deployment's own cluster; there can be one of it."""
    defaults: dict[str, Any] = {
        "name": "built-in",
        "built_in": True,
        "is_default": True,
        "hostname": "https://coder.example.com",
        "credential_kind": CredentialKind.IN_CLUSTER,
        "chart_version": "",
        "release_revision": None,
    }
    return make_provider(**defaults | fields)


def _backdate(provider: WorkspaceProvider, *, created_at: datetime, status_since: datetime | None) -> None:
    """Both moments are set by the database layer on creation."""
    provider.created_at, provider.status_since = created_at, status_since or created_at
    provider.save(update_fields=["created_at", "status_since"])


def make_status_change(
    provider: WorkspaceProvider, *, old: str = "ready", new: str = "error", at: datetime | None = None, **fields: Any
) -> StatusChange:
    return StatusChange.objects.create(
        provider=provider,
        kind=fields.pop("kind", ChangeKind.STATUS),
        old=old,
        new=new,
        at=at or timezone.now(),
        **fields,
    )


def make_operation(
    provider: WorkspaceProvider | None = None, *, lines: list[str] | None = None, **fields: Any
) -> Operation:
    """A queued deploy, asked for by a person without an account."""
    provider = provider or make_provider()
    defaults = {"provider_name": provider.name, "kind": OperationKind.DEPLOY, "requested_by_name": "mira@example.com"}
    operation = Operation.objects.create(provider=provider, **defaults | fields)
    OperationLine.objects.bulk_create(
        OperationLine(operation=operation, text=text, level=LineLevel.INFO) for text in lines or []
    )
    return operation


def make_environment(
    provider: WorkspaceProvider | None = None,
    *,
    owner: User | None = None,
    organization: Organization | None = None,
    **fields: Any,
) -> Environment:
    """On, and allowed to be where it is."""
    provider, organization = provider or make_provider(), organization or make_organization()
    AllowlistEntry.objects.get_or_create(provider=provider, organization=organization)
    defaults = {"name": f"environment-{next(_numbers)}", "image": "codercom/enterprise-base", "status": "on"}
    return Environment.objects.create(
        provider=provider, owner=owner or make_user(), organization=organization, **defaults | fields
    )
