"""What the panel of an operation needs, so that any page can include it with nothing but the operation."""

from django import template

from providers.models import AbstractOperation, Operation
from providers.operation_log import Log, NextStep, log_of, next_steps

register = template.Library()


@register.simple_tag
def operation_log(operation: AbstractOperation) -> Log:
    return log_of(operation)


@register.simple_tag
def operation_next_steps(operation: Operation) -> list[NextStep]:
    return next_steps(operation)


@register.filter
def clock(seconds: int) -> str:
    """`0:21`, `12:05`, `1:02:03`."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
