"""Audit events, fifty on a page: too many for a template's loop. What people typed is escaped."""

from html import escape
from urllib.parse import quote

from django import template
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from organizations.history import Change, Line, object_query

register = template.Library()

EVENT = """<li><div class="event">
  <p class="what"><b>{words}</b> {target}{chip}</p>
  <p class="by"><time datetime="{at}">{when}</time> by {actor}{token}{address} <code>{action}</code>{history}</p>
  {changes}
</div></li>
"""
CHANGES = """<details class="changed"><summary>{count}</summary>
  <table><thead><tr><th scope="col">Field</th><th scope="col">Before</th><th scope="col">After</th></tr></thead>
  <tbody>{rows}</tbody></table></details>"""
CHIPS = {"succeeded": "ready", "requested": "pending", "failed": "error", "denied": "error", "cancelled": "cancelled"}
NOT_TOLD = "\N{EN DASH}"


@register.simple_tag
def audit_events(lines: list[Line]) -> SafeString:
    """Items of a list, with links to all events of the same person, and of the same object."""
    audit = reverse("organizations:audit_list")
    events = [_event(line, _target(line), _actor(line, audit), _history(line, audit)) for line in lines]
    return mark_safe("".join(events))  # noqa: S308


@register.simple_tag
def events_of_one(lines: list[Line]) -> SafeString:
    """Items of a list on the page of their object."""
    return mark_safe("".join([_event(line, "", escape(line.event.actor_name), "") for line in lines]))  # noqa: S308


def _event(line: Line, target: str, actor: str, history: str) -> str:
    event = line.event
    return EVENT.format(
        words=escape(line.words),
        target=target,
        chip=f'<span class="chip {CHIPS[event.outcome]}">{event.outcome.capitalize()}</span>',
        at=line.at,
        when=line.when,
        actor=actor,
        token=f" with the token “{escape(event.token_name)}”" if event.token_name else "",
        address=f" from {event.address}" if event.address else "",
        action=escape(event.action),
        history=history,
        changes=_changes(line.changes),
    )


def _target(line: Line) -> str:
    if not line.event.target_name:
        return ""
    name = escape(line.event.target_name)
    shown = f'<a href="{escape(line.url)}">{name}</a>' if line.url else name
    return f'<span class="object"><span class="muted">{escape(line.kind)}</span> {shown}</span> '


def _actor(line: Line, audit: str) -> str:
    name = escape(line.event.actor_name)
    return f'<a href="{audit}?person={quote(line.event.actor_name)}" title="Everything by {name}">{name}</a>'


def _history(line: Line, audit: str) -> str:
    event = line.event
    if not event.target_id:  # an unknown e-mail that somebody tried
        return ""
    of = f'<span class="visually-hidden"> of {escape(event.target_name)}</span>'
    return f' <a href="{audit}?{object_query(event.target_type, event.target_id)}">History{of}</a>'


def _changes(changes: list[Change]) -> str:
    if not changes:
        return ""
    count = f"{len(changes)} field{'' if len(changes) == 1 else 's'}"
    return CHANGES.format(count=count, rows="".join([_change(each) for each in changes]))


def _change(change: Change) -> str:
    before, after = (NOT_TOLD if text is None else escape(text) for text in (change.before, change.after))
    return (
        f'<tr><th scope="row">{escape(change.field)}</th>'
        f'<td data-label="Before">{before}</td><td data-label="After">{after}</td></tr>'
    )
