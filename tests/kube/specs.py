"""Environments for tests."""

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from providers.kube.environment_objects import EnvironmentSpec

ENVIRONMENT_ID = UUID("11111111-1111-4111-8111-111111111111")
OWNER_ID = UUID("22222222-2222-4222-8222-222222222222")
ORGANIZATION_ID = UUID("33333333-3333-4333-8333-333333333333")


def make_spec(**changes: Any) -> EnvironmentSpec:
    """Ada's environment `dev`, with changes."""
    fields: dict[str, Any] = {
        "environment_id": ENVIRONMENT_ID,
        "name": "dev",
        "owner_id": OWNER_ID,
        "owner_email": "ada@example.com",
        "username": "ada",
        "organization_id": ORGANIZATION_ID,
        "organization_name": "Data Science",
        "provider_name": "sydney",
        "image": "registry.invalid/base",
        "tag": "1",
        "cpu_cores": Decimal("0.5"),
        "memory_gb": Decimal("1.5"),
        "disk_gb": 10,
        "gpus": 0,
    }
    return EnvironmentSpec(**fields | changes)


def make_new_spec(**changes: Any) -> EnvironmentSpec:
    """The same with an id of its own."""
    return make_spec(environment_id=uuid4(), **changes)
