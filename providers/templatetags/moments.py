"""How a moment is written on a page: relative in words, with the exact time in UTC behind it."""

from datetime import UTC, datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from providers.timeline import in_words

register = template.Library()


def _moment(at: datetime, words: str) -> SafeString:
    at = at.astimezone(UTC)
    return format_html('<time datetime="{}" title="{} UTC">{}</time>', at.isoformat(), f"{at:%Y-%m-%d %H:%M:%S}", words)


@register.filter
def ago(at: datetime | None) -> SafeString | str:
    """`12 s ago`; `never` for None."""
    return _moment(at, f"{in_words(timezone.now() - at)} ago") if at else "never"


@register.filter
def until(at: datetime | None) -> SafeString | str:
    """`in 18 s`, `now` once it is due; empty for None."""
    if at is None:
        return ""
    left = at - timezone.now()
    return _moment(at, f"in {in_words(left)}" if left.total_seconds() >= 1 else "now")


@register.filter
def age(at: datetime | None) -> SafeString | str:
    """`14 min`: how long something has lasted; empty for None."""
    return _moment(at, in_words(timezone.now() - at)) if at else ""
