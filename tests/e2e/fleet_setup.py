"""Run by fleet.py in the environment of the deployment: reads specifications, prints one line of JSON."""

import json
import sys
import time
from typing import Any
from urllib.parse import urlsplit

import django

django.setup()

from audit.services import SYSTEM  # noqa: E402
from environments.choices import EnvironmentStatus  # noqa: E402
from environments.models import Environment  # noqa: E402
from environments.services import Plan, create_environment  # noqa: E402
from organizations.models import Organization, User  # noqa: E402
from providers.choices import CredentialKind, ProviderStatus  # noqa: E402
from providers.kube.kubeconfig import parse_kubeconfig  # noqa: E402
from providers.models import AllowlistEntry, WorkspaceProvider  # noqa: E402
from providers.services import Registration, register_provider, request_deploy, uncordon_provider  # noqa: E402

SECONDS = 150
LEFT_OUT = ("built-in", "brazil")  # the deployment's own cluster, and one that nobody deployed


def register(spec: dict[str, Any]) -> None:
    kubeconfig = parse_kubeconfig(spec["kubeconfig"])
    target = kubeconfig.target(kubeconfig.current_context, spec["namespace"])
    registration = Registration(
        name=spec["name"],
        hostname=spec["hostname"],
        cluster_address=target.address,
        namespace=spec["namespace"],
        credential_kind=CredentialKind.KUBECONFIG,
        storage_class=spec["storage_class"],
    )
    request_deploy(actor=SYSTEM, provider=register_provider(actor=SYSTEM, registration=registration, target=target))


def wait_until_all(rows: Any, description: str, **wanted: Any) -> None:
    end = time.monotonic() + SECONDS
    while left := [str(row) for row in rows.exclude(**wanted)]:
        if time.monotonic() > end:
            sys.exit(f"not {description}: {left} {list(rows.values())}")
        time.sleep(0.5)


def main() -> None:
    for spec in json.load(sys.stdin):
        register(spec)
    repaired = WorkspaceProvider.objects.get(name="us-central")
    request_deploy(actor=SYSTEM, provider=repaired)
    uncordon_provider(actor=SYSTEM, provider=WorkspaceProvider.objects.get(name="europe"))
    fleet = WorkspaceProvider.objects.exclude(name__in=LEFT_OUT)
    wait_until_all(fleet, "ready", status=ProviderStatus.READY)
    wait_until_all(fleet.filter(last_beat_at=None), "beating")
    owner, organization = User.objects.get(email="admin@example.com"), Organization.objects.get(is_default=True)
    for provider in fleet:
        AllowlistEntry.objects.get_or_create(provider=provider, organization=organization)
        plan = Plan(name=f"on-{provider.name}", image="codercom/enterprise-base")
        create_environment(actor=SYSTEM, owner=owner, organization=organization, provider=provider, plan=plan)
    made = Environment.objects.filter(owner=owner, name__startswith="on-")
    wait_until_all(made, "on", status=EnvironmentStatus.ON)
    answer = {
        "environments": {each.provider.name: str(each.pk) for each in made.select_related("provider")},
        "hostnames": {each.name: urlsplit(each.hostname).netloc for each in fleet},
    }
    print(json.dumps(answer))  # noqa: T201


main()
