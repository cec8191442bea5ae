"""What nobody needs any more leaves, so that no table grows for ever."""

from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from providers.models import EnvproxyToken, OperationLine

KEPT = timedelta(days=90)


def delete_old_rows() -> None:
    """Tokens long after their end, and the logs of old operations. Two queries."""
    EnvproxyToken.objects.filter(expires_at__lt=timezone.now() - KEPT).delete()
    delete_old_lines(OperationLine, of="provider")


def delete_old_lines(lines: Any, *, of: str) -> None:
    """Of operations that ended long ago, but for the last one of its kind. `lines`: their model; `of`: on what.

    One query.
    """
    operations = lines._meta.get_field("operation").related_model._default_manager
    newer = operations.filter(**{of: OuterRef(of)}, kind=OuterRef("kind"), requested_at__gt=OuterRef("requested_at"))
    old = operations.filter(Exists(newer) | Q(**{of: None}), finished_at__lt=timezone.now() - KEPT)
    lines._default_manager.filter(operation__in=old).delete()
