"""Changing access in two steps, whatever page shows it: first what it would mean, then it is done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from audit.services import actor_of
from providers.access import Grid, named_environments, present_access
from providers.choices import Access
from providers.confirmations import sentence_of
from providers.errors import AllowlistRefusedError, Refusal, RefusedError
from providers.forms.allowlist import AccessForm, Changes, as_text, pair_text
from providers.impact import impact_of_access
from providers.rules import Pair
from providers.services import AllowlistChange, change_allowlist, preview_allowlist
from providers.views.scope import say_refusal
from providers.words import counted

SHOWN_CHANGES = 200
SHOWN_REFUSALS = 50
NOTHING_CHANGED = "Nothing was changed."


@dataclass(frozen=True, kw_only=True)
class AccessPage:
    """A page with a grid. `url`: its own, with its search; `covers`: the pairs that may be changed from here."""

    template: str
    title: str
    url: str
    save_url: str
    done_url: str
    grid: Callable[[Mapping[Pair, Access]], Grid]
    covers: Callable[[Pair], bool]
    context: dict[str, Any] = field(default_factory=dict)

    def show(
        self, request: HttpRequest, *, changes: Changes | None = None, refusals: list[Refusal] | None = None
    ) -> HttpResponse:
        """The grid with the stored state, or with the changes that a rule forbids, and why."""
        grid = self.grid({pair: new for pair, (_, new) in (changes or {}).items()})
        occupied = [each for each in refusals or [] if each.code == "environments_exist"]
        context = self.context | {
            "grid": grid,
            "url": self.url,
            "refusals": _described((refusals or [])[:SHOWN_REFUSALS]),
            "more_refusals": max(0, len(refusals or []) - SHOWN_REFUSALS),
            "can_close_all": len(occupied) > 1,
            "changes_text": as_text((changes or {}).items()),
        }
        return render(request, self.template, context)


def ask(request: HttpRequest, page: AccessPage) -> HttpResponse:
    """What the changes in the form would mean. Nothing is changed."""
    form = AccessForm(request.POST)
    if not form.is_valid() or not all(map(page.covers, form.changes)):
        messages.error(request, form.problem)
        return page.show(request)
    return _ask(request, page, form.changes)


def save(request: HttpRequest, page: AccessPage) -> HttpResponse:
    """Do what was asked about; when somebody else was quicker, ask again."""
    form = AccessForm(request.POST)
    if not form.is_valid() or not all(map(page.covers, form.changes)):
        messages.error(request, form.problem)
        return redirect(page.url)
    if _overtaken(form.changes):
        return _ask(request, page, form.changes)
    wishes = {pair: new for pair, (_, new) in form.changes.items()}
    try:
        done = change_allowlist(actor=actor_of(request), wishes=wishes)
    except RefusedError as refusal:
        return _refused(request, page, form.changes, refusal)
    if not done:
        messages.info(request, NOTHING_CHANGED)
    elif len(done) == 1:
        messages.success(request, sentence_of(done[0]))
    else:
        messages.success(request, f"{counted(len(done), 'change')} of access made.")
    return redirect(page.done_url)


def _ask(request: HttpRequest, page: AccessPage, changes: Changes) -> HttpResponse:
    wishes = {pair: new for pair, (_, new) in changes.items()}
    try:
        planned = preview_allowlist(actor=actor_of(request), wishes=wishes)
    except RefusedError as refusal:
        return _refused(request, page, changes, refusal)
    if not planned:
        messages.info(request, NOTHING_CHANGED)
        return redirect(page.url)
    overtaken = _overtaken(changes)
    context = page.context | {
        "title": page.title,
        "sentences": [sentence_of(change) for change in planned[:SHOWN_CHANGES]],
        "more": max(0, len(planned) - SHOWN_CHANGES),
        "overtaken": [sentence_of(change) for change in planned if _pair_of(change) in overtaken],
        "impact": impact_of_access({_pair_of(change): change.new for change in planned}),
        "changes_text": as_text((_pair_of(each), (each.old, wishes[_pair_of(each)])) for each in planned),
        "save_url": page.save_url,
        "url": page.url,
    }
    return render(request, "providers/access_confirm.html", context)


def _refused(request: HttpRequest, page: AccessPage, changes: Changes, refusal: RefusedError) -> HttpResponse:
    if isinstance(refusal, AllowlistRefusedError):
        return page.show(request, changes=changes, refusals=refusal.refusals)
    say_refusal(request, refusal)
    return redirect(page.url)


def _overtaken(changes: Changes) -> set[Pair]:
    """Where it is not as the form showed it, and not yet as the person wants it. One query."""
    present = present_access({pair[0] for pair in changes}, {pair[1] for pair in changes})
    return {pair for pair, (old, new) in changes.items() if present.get(pair, Access.NONE) not in (old, new)}


def _described(refusals: list[Refusal]) -> list[dict[str, Any]]:
    """Each with the environments in the way, by owner. At most one query."""
    occupied = [(each.provider.pk, each.organization.pk) for each in refusals if each.code == "environments_exist"]
    environments = named_environments(occupied) if occupied else {}
    return [
        {"refusal": each, "pair": pair_text(pair), "environments": environments.get(pair, [])}
        for each in refusals
        for pair in [(each.provider.pk, each.organization.pk)]
    ]


def _pair_of(change: AllowlistChange) -> Pair:
    return change.provider.pk, change.organization.pk
