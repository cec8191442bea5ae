"""Run in the environment of a deployment: does one thing by the services, or tells how things are (a line of JSON)."""

import json
import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import django

django.setup()

from django.utils import timezone  # noqa: E402

from audit.models import AuditEvent  # noqa: E402
from audit.services import SYSTEM  # noqa: E402
from infrastructure.models import AccessURLChange, RolloutStep  # noqa: E402
from infrastructure.services import finish, plan_change, switch  # noqa: E402
from providers.models import Operation, WorkspaceProvider  # noqa: E402
from providers.services import request_deploy  # noqa: E402

SECONDS = 60


def ports() -> list[int]:
    """Of all clusters and ingresses."""
    found = WorkspaceProvider.objects.values_list("cluster_address", "hostname")
    return sorted({port for urls in found for url in urls if (port := urlsplit(url).port)})


def deploy(name: str) -> str:
    return str(request_deploy(actor=SYSTEM, provider=WorkspaceProvider.objects.get(name=name)).pk)


def operation(pk: str) -> dict[str, Any]:
    found = Operation.objects.get(pk=pk)
    events = AuditEvent.objects.filter(target_id=str(found.provider_id), action="provider.deploy")
    ends = events.filter(at__gte=found.requested_at).exclude(outcome="requested").count()
    return {"state": found.state, "attempts": found.attempts, "ends": ends, "error": found.error_text}


def change(new_url: str) -> None:
    planned = plan_change(actor=SYSTEM, new_url=new_url)
    end = time.monotonic() + SECONDS
    while not planned.checked_at:
        assert time.monotonic() < end, planned
        time.sleep(0.2)
        planned.refresh_from_db()
    switch(actor=SYSTEM, change=planned, warnings_read=True)


def steps() -> dict[str, Any]:
    """State and number of deploys of each provider that the newest change redeploys, and the state of the change."""
    newest = AccessURLChange.objects.order_by("-requested_at")[0]
    found = RolloutStep.objects.filter(rollout__change=newest)
    deploys = Operation.objects.filter(kind="deploy", requested_at__gte=newest.switched_at)
    return {
        "change": newest.state,
        "states": {step.provider_name: step.state for step in found},
        "deploys": {step.provider_name: deploys.filter(provider_id=step.provider_id).count() for step in found},
    }


def end_change() -> None:
    finish(actor=SYSTEM, change=AccessURLChange.objects.order_by("-requested_at")[0])


def now() -> str:
    return timezone.now().isoformat()


def unchecked_since(moment: str) -> list[str]:
    """Providers whose last check is older."""
    due = WorkspaceProvider.objects.exclude(last_check_at__gte=datetime.fromisoformat(moment))
    return sorted(due.exclude(next_check_at=None).values_list("name", flat=True))


ANSWERS: tuple[Callable[..., Any], ...] = (ports, deploy, operation, change, steps, end_change, now, unchecked_since)


if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    print(json.dumps({answer.__name__: answer for answer in ANSWERS}[name](*arguments)))  # noqa: T201
