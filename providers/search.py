"""Which providers are meant by words: each must occur in one of a provider's columns or in the name of an organization.

A word of few allowlist entries leads to its providers by an index. One of many would lead to most of the table, and be
as slow as there are entries: it is looked for in those that the other words have left.
"""

from collections.abc import Collection
from typing import Any

from django.apps import apps
from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import BooleanField, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from coderadmin.expressions import IsAnyOf

FEW = 1000  # allowlist entries
SHORTEST = 3  # letters of a word that the trigram index knows
FREQUENT = """
    SELECT word FROM unnest(%(words)s::text[], %(patterns)s::text[]) AS asked (word, pattern)
    WHERE EXISTS (
        SELECT FROM organizations_organization AS organization
        JOIN providers_allowlistentry AS entry ON entry.organization_id = organization.id
        WHERE upper(organization.name) LIKE upper(pattern)
        OFFSET %(few)s
    )
"""


def conditions(words: Collection[str]) -> list[Q]:
    """One for each word. One query, now, for any number of words."""
    frequent = _frequent(words)
    return [_checked(word) | _own(word) if word in frequent else _own(word) | _looked_up(word) for word in words]


def _frequent(words: Collection[str]) -> set[str]:
    """Those that lead to more than FEW allowlist entries."""
    patterns = [f"%{connection.ops.prep_for_like_query(word)}%" for word in words]
    with connection.cursor() as cursor:
        cursor.execute(FREQUENT, {"words": list(words), "patterns": patterns, "few": FEW})
        return {word for (word,) in cursor.fetchall()}


def _own(word: str) -> Q:
    return (
        Q(name__icontains=word)
        | Q(hostname__icontains=word)
        | Q(cluster_address__icontains=word)
        | Q(namespace__icontains=word)
    )


def _looked_up(word: str) -> Q:
    """Whether it is one of those to which the word leads."""
    providers = _entries(word).values("provider")
    return Q(pk__in=providers) if len(word) < SHORTEST else Q(IsAnyOf("pk", ArraySubquery(providers)))


def _checked(word: str) -> Q:
    """Whether one of the provider's own entries fits; `Coalesce` keeps PostgreSQL from joining all others first."""
    organizations = _objects("organizations", "Organization").filter(name__icontains=word).order_by()
    fits = Coalesce(ExpressionWrapper(Q(organization__in=organizations.values("pk")), BooleanField()), False)
    entries = _objects("providers", "AllowlistEntry").filter(fits, provider=OuterRef("pk"))
    return Q(Subquery(entries.values_list(Value(True))[:1]))


def _entries(word: str) -> QuerySet[Any]:
    return _objects("providers", "AllowlistEntry").filter(organization__name__icontains=word)


def _objects(app: str, model: str) -> QuerySet[Any]:
    objects: QuerySet[Any] = apps.get_model(app, model)._default_manager.all()
    return objects
