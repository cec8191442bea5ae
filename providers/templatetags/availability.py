"""The strip of half hours of a provider's availability. All its texts are ours."""

from django import template
from django.utils.safestring import SafeString, mark_safe

from providers.details import Availability

register = template.Library()


@register.simple_tag
def availability_strip(availability: Availability) -> SafeString:
    parts = (f'<i class="{status}" title="{label}"></i>' for status, label in availability.half_hours)
    return mark_safe("".join(parts))  # noqa: S308
