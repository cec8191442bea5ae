"""What the panel of an operation needs, so that any page can include it with nothing but the operation."""

from datetime import UTC
from html import escape

from django import template
from django.utils.safestring import SafeString, mark_safe

from providers.choices import LineLevel
from providers.models import AbstractOperation, AbstractOperationLine, Operation
from providers.operation_log import Log, NextStep, log_of, next_steps

register = template.Library()

LONGEST_LABEL = 40  # characters; a longer first part is a sentence with a colon
LINE = """<li class="{level}">
  <time datetime="{at}" title="{day} {clock} UTC">{clock}</time>
  <span class="mark" aria-hidden="true">{mark}</span>
  <div>
    <p>{said}{text}</p>{remedy}
  </div>
</li>
"""
REMEDY = """
    <p class="remedy"><span class="visually-hidden">What to do: </span>{}</p>"""
MARKS: dict[str, str] = {LineLevel.INFO: "", LineLevel.OK: "✓", LineLevel.WARNING: "!", LineLevel.ERROR: "✗"}
SAID: dict[str, str] = {
    LineLevel.INFO: "",
    LineLevel.OK: f'<span class="visually-hidden">{LineLevel.OK.label}: </span>',
    LineLevel.WARNING: f'<span class="level">{LineLevel.WARNING.label}</span> ',
    LineLevel.ERROR: f'<span class="level">{LineLevel.ERROR.label}</span> ',
}


@register.simple_tag
def operation_log(operation: AbstractOperation) -> Log:
    return log_of(operation)


@register.simple_tag
def log_lines(log: Log) -> SafeString:
    """With their marks, in words for those who can't see the marks. Hundreds, too many for a template's loop."""
    return mark_safe("".join(map(_line, log.lines)))  # noqa: S308 - texts are escaped


@register.simple_tag
def operation_next_steps(operation: Operation) -> list[NextStep]:
    return next_steps(operation)


@register.filter
def clock(seconds: int) -> str:
    """`0:21`, `12:05`, `1:02:03`."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _line(line: AbstractOperationLine) -> str:
    at = line.at.astimezone(UTC).isoformat()
    return LINE.format(
        level=line.level,
        at=at,
        day=at[:10],
        clock=at[11:19],
        mark=MARKS[line.level],
        said=SAID[line.level],
        text=_text(line),
        remedy=REMEDY.format(escape(line.remedy)) if line.remedy else "",
    )


def _text(line: AbstractOperationLine) -> str:
    """A finding ("DNS: the name resolves") has its subject apart from what was found."""
    label, colon, rest = line.text.partition(": ")
    if line.level == LineLevel.INFO or not colon or len(label) > LONGEST_LABEL:
        return escape(line.text)
    return f"<b>{escape(label)}</b> {escape(rest)}"
