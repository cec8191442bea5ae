"""The build log of an environment as a websocket: the last build from its start, and on until it is `done`."""

import json
import time
from collections.abc import Iterator
from typing import Any, Protocol
from uuid import UUID

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from coderadmin.api.callers import Caller, caller_of
from coderadmin.wire.bodies import moment
from coderadmin.wire.routes import Routes, families
from coderadmin.wire.websocket import serve
from environments.models import Environment, EnvironmentOperation
from environments.wire.environments import usable_environment
from environments.wire.shapes import BUILDS
from organizations.models import ApiToken
from providers.choices import ACTIVE_STATES, LineLevel

POLL_SECONDS = 0.5
LONGEST = 4000  # characters: the client reads messages of up to 32 KiB, and a character may take six bytes
NOT_ANY_MORE = "You may not see this environment any more."
routes = Routes()


class Websocket(Protocol):
    connected: bool

    def send(self, data: str) -> None: ...


@routes.add("GET", *families("api/private/environments/<uuid:pk>/watch-update"))
def watch_build(request: HttpRequest, pk: UUID) -> HttpResponse:
    environment, caller = usable_environment(request, pk), caller_of(request)
    build = EnvironmentOperation.objects.filter(environment=environment, kind__in=BUILDS).first()
    return serve(request, lambda websocket: follow(websocket, environment.pk, build, caller))


def follow(websocket: Websocket, environment: UUID, build: EnvironmentOperation | None, caller: Caller) -> None:
    """Ends with `done` whatever becomes of the build: the client returns on nothing else.

    Whether the caller may still see it is asked each time. Raises ConnectionClosed.
    """
    for message in _messages(build, environment, caller) if build else ():
        if not websocket.connected:
            return
        if message:
            websocket.send(_text(environment, build, message))
    websocket.send(_text(environment, build, {"type": "done"}))


def _messages(build: EnvironmentOperation, environment: UUID, caller: Caller) -> Iterator[dict[str, Any]]:
    """An empty one after each look, so that a client who went away is noticed."""
    yield {"type": "start", "time": build.requested_at, "msg": build.get_kind_display()}
    last = 0
    while True:
        if not _may_see(caller, environment):
            yield {"type": "error", "msg": NOT_ANY_MORE}
            return
        is_active = EnvironmentOperation.objects.filter(pk=build.pk, state__in=ACTIVE_STATES).exists()
        for line in build.lines.filter(pk__gt=last).order_by("pk"):
            last = line.pk
            kind = "error" if line.level == LineLevel.ERROR else "stage"
            yield {"id": str(line.pk), "type": kind, "time": line.at, "msg": line.text[:LONGEST]}
        if not is_active:
            return
        yield {}
        connection.close()
        time.sleep(POLL_SECONDS)


def _may_see(caller: Caller, environment: UUID) -> bool:
    """Two queries, with the person as it is now."""
    tokens = ApiToken.objects.select_related("user").filter(user__is_active=True, expires_at__gt=timezone.now())
    token = tokens.filter(pk=caller.token.pk).first() if caller.token else None
    return token is not None and Environment.objects.visible_to(token.user).filter(pk=environment).exists()


def _text(environment: UUID, build: EnvironmentOperation | None, message: dict[str, Any]) -> str:
    whose = {"environment_id": str(environment), "workspace_id": str(environment)}
    document = {"id": "", "msg": ""} | message | whose | {"build_id": str(build.pk) if build else ""}
    return json.dumps(document | {"time": moment(message.get("time") or timezone.now())})
