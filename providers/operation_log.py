"""What the page of an operation shows: its log, how far it is, and what one does next."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Prefetch
from django.urls import reverse
from django.utils import timezone

from providers.choices import LineLevel, OperationKind, OperationState
from providers.models import AbstractOperation, AbstractOperationLine, Operation, OperationLine

MOST_LINES = 500
PATIENCE = timedelta(seconds=10)  # a healthy worker takes an operation within a second
LONGEST_LABEL = 40  # characters; a longer first part is a sentence with a colon
NEWEST = "newest_lines"


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """A line, and for a finding ("DNS: the name resolves") its subject apart from what was found."""

    line: AbstractOperationLine
    label: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Log:
    """The last lines, oldest first; `is_cut` says that there are more before them."""

    lines: list[LogLine]
    is_cut: bool
    waits_for_worker: bool
    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class NextStep:
    label: str
    url: str
    main: bool = False


def newest_lines(model: type[AbstractOperationLine]) -> Prefetch:
    """For prefetch_related, with the model of the lines."""
    return Prefetch("lines", model._default_manager.order_by("-id")[: MOST_LINES + 1], to_attr=NEWEST)


NEWEST_LINES = newest_lines(OperationLine)


def log_of(operation: AbstractOperation) -> Log:
    """One query, none with the newest or all `lines` prefetched. For operations on whatever it be."""
    prefetched = getattr(operation, NEWEST, None)
    newest = sorted(operation.lines.all() if prefetched is None else prefetched, key=lambda line: line.pk)
    if operation.error_text and newest and newest[-1].text == operation.error_text:
        newest.pop()  # the page shows it below the log, with the next steps
    waits = operation.state == OperationState.QUEUED and timezone.now() - operation.requested_at > PATIENCE
    last = newest[-1].pk if newest else 0
    return Log(
        lines=[_log_line(line) for line in newest[-MOST_LINES:]],
        is_cut=len(newest) > MOST_LINES,
        waits_for_worker=waits,
        fingerprint=f"{operation.state}-{last}-{int(operation.cancel_requested)}-{int(waits)}",
    )


def _log_line(line: AbstractOperationLine) -> LogLine:
    label, colon, rest = line.text.partition(": ")
    if line.level == LineLevel.INFO or not colon or len(label) > LONGEST_LABEL:
        return LogLine(line=line, label="", text=line.text)
    return LogLine(line=line, label=label, text=rest)


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
