"""How audit events are found. Every filter has an index that ends in the order of the list: newest first."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import StrIndex, Upper
from django.db.models.lookups import GreaterThan

from audit.vocabulary import EACH_WORD, words_with

if TYPE_CHECKING:
    from audit.paging import Place


class AuditEventQuerySet(models.QuerySet):
    def newest_first(self) -> Self:
        return self.order_by("-at", "-id")

    def about(self, target_type: str, target_id: str) -> Self:
        return self.filter(target_type=target_type, target_id=target_id)

    def search(self, text: str) -> Self:
        """Every word must occur in the person, the action, the object's name or id, or the address. A query for each.

        PostgreSQL reads the newest events, or looks up those that have the words in question: whichever seems shorter.
        """
        found = self.alias(each_word=EACH_WORD)
        for part in text.split():
            found = found.filter(GreaterThan(StrIndex(Upper("words"), Upper(Value(part))), 0))
            if (words := words_with(part)) is not None:
                found = found.filter(each_word__overlap=words)
        return found

    def older_than(self, place: "Place") -> Self:
        return self.filter(Q(at__lt=place.at) | Q(id__lt=place.id), at__lte=place.at)

    def newer_than(self, place: "Place") -> Self:
        return self.filter(Q(at__gt=place.at) | Q(id__gt=place.id), at__gte=place.at)
