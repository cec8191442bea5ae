"""How audit events are found. Every filter has an index that ends in the order of the list: newest first."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from audit.paging import Place


class AuditEventQuerySet(models.QuerySet):
    def newest_first(self) -> Self:
        return self.order_by("-at", "-id")

    def about(self, target_type: str, target_id: str) -> Self:
        return self.filter(target_type=target_type, target_id=target_id)

    def search(self, text: str) -> Self:
        """Every word must occur in the person, the action, the object's name or id, or the address."""
        found = self
        for word in text.split():
            found = found.filter(words__icontains=word)
        return found

    def older_than(self, place: "Place") -> Self:
        return self.filter(Q(at__lt=place.at) | Q(id__lt=place.id), at__lte=place.at)

    def newer_than(self, place: "Place") -> Self:
        return self.filter(Q(at__gt=place.at) | Q(id__gt=place.id), at__gte=place.at)
