"""What the page of an operation shows: its log, how far it is, and what one does next."""

import re
from dataclasses import dataclass
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from providers.choices import OperationKind, OperationState
from providers.models import AbstractOperation, AbstractOperationLine, Operation

MOST_LINES = 500
PATIENCE = timedelta(seconds=10)  # a healthy worker takes an operation within a second
ID = re.compile(r"[0-9]{1,18}")
NEWEST = "newest_lines"


@dataclass(frozen=True, kw_only=True)
class Log:
    """The last lines, oldest first; `is_cut` says that there are more before them."""

    lines: list[AbstractOperationLine]
    is_cut: bool
    waits_for_worker: bool
    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class NextStep:
    label: str
    url: str
    main: bool = False


def log_of(operation: AbstractOperation, *, after: int = 0) -> Log:
    """`after`: the id of a line, of which only the later ones count. For operations on whatever it be.

    One query, none when the lines are prefetched as NEWEST.
    """
    newest = getattr(operation, NEWEST, None)
    if newest is None:
        newest = operation.lines.filter(pk__gt=after).order_by("-pk")[: MOST_LINES + 1]
    lines = sorted(newest, key=lambda line: line.pk)
    if operation.error_text and lines and lines[-1].text == operation.error_text:
        lines.pop()  # the page shows it below the log, with the next steps
    return Log(
        lines=lines[-MOST_LINES:],
        is_cut=len(lines) > MOST_LINES,
        waits_for_worker=_waits_for_worker(operation),
        fingerprint=f"{_mood(operation)}-{lines[-1].pk if lines else after}",
    )


def news_of(operation: AbstractOperation, seen: str) -> Log | None:
    """What came after the log of the fingerprint `seen`, when that is lines alone, and no more than a page shows.

    At most one query.
    """
    mood, _, last = seen.rpartition("-")
    if not operation.is_active or mood != _mood(operation) or not ID.fullmatch(last):
        return None
    log = log_of(operation, after=int(last))
    return None if log.is_cut else log


def _mood(operation: AbstractOperation) -> str:
    """All that a reader sees of an operation under way, but for its lines."""
    return f"{operation.state}-{int(operation.cancel_requested)}-{int(_waits_for_worker(operation))}"


def _waits_for_worker(operation: AbstractOperation) -> bool:
    return operation.state == OperationState.QUEUED and timezone.now() - operation.requested_at > PATIENCE


def next_steps(operation: Operation) -> list[NextStep]:
    """What a manager does after the end of this operation; nothing while it is active."""
    if operation.is_active:
        return []
    provider = operation.provider
    if provider is None:
        return [NextStep(label="All workspace providers", url=reverse("providers:provider_list"))]
    succeeded = operation.state == OperationState.SUCCEEDED
    edit = NextStep(label="Edit", url=reverse("providers:provider_update", args=[provider.pk]))
    deploy = NextStep(label="Deploy", url=reverse("providers:provider_deploy", args=[provider.pk]), main=succeeded)
    same = reverse(f"providers:provider_{operation.kind}", args=[provider.pk])
    if not succeeded:
        return [NextStep(label="Run again", url=same, main=True), edit]
    return [deploy] if operation.kind == OperationKind.PREFLIGHT and provider.is_remote else []
