"""The history of a thing, for those who may read the audit log, on any page that has the thing."""

from typing import Any

from django import template
from django.db import models

from organizations.history import history_of
from organizations.policies import can_read_audit

register = template.Library()


@register.inclusion_tag("audit/partials/history.html", takes_context=True)
def history(context: template.Context, target: models.Model) -> dict[str, Any]:
    """One query; none for everybody else, who sees nothing."""
    request = context.get("request")
    allowed = request is not None and can_read_audit(request.user)
    return {"history": history_of(target) if allowed else None}
