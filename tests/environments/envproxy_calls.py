"""What an envproxy asks the control plane, as the tests ask it."""

import json
from typing import Any

from django.test import Client
from django.utils import timezone

from audit.services import Actor
from environments.models import Environment
from environments.services import open_environment
from providers.models import EnvproxyToken, WorkspaceProvider
from providers.tokens import digest_of
from tests.factories import make_provider

SESSIONS, ACCESS = "/api/envproxy/v1/sessions", "/api/envproxy/v1/access"
TOKEN, OTHER_TOKEN = "cap_of_sydney", "cap_of_oslo"
REFUSED = {"allowed": False}


def make_place(name: str, token: str) -> WorkspaceProvider:
    provider = make_provider(name=name, last_beat_at=timezone.now())
    EnvproxyToken.objects.create(provider=provider, digest=digest_of(token))
    return provider


def call(path: str, document: Any, *, token: str = TOKEN) -> Any:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    headers = {"Authorization": f"Bearer {token}"}
    return Client(enforce_csrf_checks=True).post(path, body, content_type="application/json", headers=headers)


def ticket_for(environment: Environment) -> str:
    return str(open_environment(actor=Actor(user=environment.owner), environment=environment))


def session_for(environment: Environment, **more: Any) -> str:
    answer = call(SESSIONS, {"ticket": ticket_for(environment)}, **more)
    assert answer.status_code == 200
    return str(answer.json()["session"])


def use(session: str, environment: Environment, *, active: bool = False) -> dict[str, Any]:
    return {"session": session, "environment": str(environment.pk), "active": active}


def verdicts(*uses: Any, token: str = TOKEN) -> list[dict[str, Any]]:
    answer = call(ACCESS, {"uses": uses}, token=token)
    assert answer.status_code == 200, answer.content
    assert answer.json()["ask_again_seconds"] == 10
    return list(answer.json()["verdicts"])
