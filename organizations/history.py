"""How audit events are shown: in words, with what changed, and with links to what is still there."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote_plus

from django.apps import apps
from django.db import models
from django.urls import reverse

from audit.models import AuditEvent
from audit.words import action_in_words
from organizations.policies import May, Visitor, is_site_manager, whoever_may

SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What an event can be about. `route` takes the id, and opens for `readers`; things without a page have none."""

    label: str
    model: str
    route: str = ""
    readers: Callable[[Visitor], bool] = is_site_manager


KINDS = {
    "workspaceprovider": Kind(
        label="Provider",
        model="providers.WorkspaceProvider",
        route="providers:provider_detail",
        readers=whoever_may(May.SEE_PROVIDERS),
    ),
    "environment": Kind(label="Environment", model="environments.Environment", route="environments:environment_detail"),
    "organization": Kind(
        label="Organization", model="organizations.Organization", route="organizations:organization_detail"
    ),
    "image": Kind(label="Image", model="environments.Image"),
    "user": Kind(label="User", model="organizations.User", route="organizations:user_detail"),
    "apitoken": Kind(label="API token", model="organizations.ApiToken"),
    "operation": Kind(
        label="Operation",
        model="providers.Operation",
        route="providers:operation_detail",
        readers=whoever_may(May.SEE_PROVIDERS),
    ),
    "accessurlchange": Kind(
        label="Access URL",
        model="infrastructure.AccessURLChange",
        route="infrastructure:change_detail",
        readers=whoever_may(May.SEE_INFRASTRUCTURE),
    ),
    "rollout": Kind(
        label="Rollout",
        model="infrastructure.Rollout",
        route="infrastructure:rollout_detail",
        readers=whoever_may(May.SEE_INFRASTRUCTURE),
    ),
    "auditchain": Kind(label="Audit log", model="audit.AuditChain"),
}


@dataclass(frozen=True, kw_only=True)
class Change:
    """One field, before and after. None: it was not, or is not, told."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, kw_only=True)
class Line:
    """An event as it is shown; `url`: the page of its object, empty when there is none (any more)."""

    event: AuditEvent
    url: str

    @property
    def at(self) -> str:
        return self.event.at.isoformat(timespec="microseconds")

    @property
    def when(self) -> str:
        return f"{self.event.at:%Y-%m-%d %H:%M:%S}"

    @property
    def words(self) -> str:
        return action_in_words(self.event.action)

    @property
    def kind(self) -> str:
        kind = KINDS.get(self.event.target_type)
        return kind.label if kind else self.event.target_type

    @cached_property
    def changes(self) -> list[Change]:
        before, after = self.event.before, self.event.after
        return [
            Change(field=name.replace("_", " "), before=_text(before, name), after=_text(after, name))
            for name in dict.fromkeys([*before, *after])
        ]


@dataclass(frozen=True, kw_only=True)
class History:
    """The newest events about one thing; `url`: all of them."""

    lines: list[Line]
    url: str


def object_query(target_type: str, target_id: str) -> str:
    """The part of the address of Manage > Audit that asks for one object."""
    return f"object={quote_plus(f'{target_type}:{target_id}')}"


def history_of(target: models.Model) -> History:
    """One query, and none for the links: they would lead to where one is."""
    target_type, target_id = str(target._meta.model_name), str(target.pk)
    events = AuditEvent.objects.about(target_type, target_id).newest_first()[:SHOWN]
    url = f"{reverse('organizations:audit_list')}?{object_query(target_type, target_id)}"
    return History(lines=[Line(event=event, url="") for event in events], url=url)


def lines_of(events: Iterable[AuditEvent], *, reader: Visitor) -> list[Line]:
    """With links that open for the reader. One query per kind of object among them."""
    events = list(events)
    linked = {name for name, kind in KINDS.items() if kind.route and kind.readers(reader)}
    wanted: dict[str, set[str]] = defaultdict(set)
    for event in events:
        if event.target_id and event.target_type in linked:
            wanted[event.target_type].add(event.target_id)
    there = {(kind, pk) for kind, ids in wanted.items() for pk in _existing(kind, ids)}
    return [
        Line(event=event, url=_url(event) if (event.target_type, event.target_id) in there else "") for event in events
    ]


def _existing(kind: str, ids: set[str]) -> set[str]:
    rows = apps.get_model(KINDS[kind].model)._default_manager.filter(pk__in=ids)
    return {str(pk) for pk in rows.values_list("pk", flat=True)}


def _url(event: AuditEvent) -> str:
    return reverse(KINDS[event.target_type].route, args=[event.target_id])


def _text(values: dict[str, Any], name: str) -> str | None:
    if name not in values:
        return None
    value = values[name]
    if value is None or value == "" or value == []:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
