"""How PostgreSQL answers a query, asked after it did."""

import json
from typing import Any

from django.db import connection
from django.db.models import QuerySet


def plan_of(rows: QuerySet, *, table: str = "") -> tuple[set[str], int]:
    """The kinds of its nodes, of those that read `table` if one is given, and the most rows that any has read."""
    nodes = nodes_of(rows)
    return {node["Node Type"] for node in nodes if not table or node.get("Relation Name") == table}, _most_read(nodes)


def nodes_of(rows: QuerySet) -> list[dict[str, Any]]:
    (document,) = json.loads(rows.explain(format="json", analyze=True))
    return _flat(document["Plan"])


def rows_read_by(statement: str) -> int:
    """The most that any node of its plan has read."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}")
        ((document,),) = cursor.fetchone()
    return _most_read(_flat(document["Plan"]))


def _most_read(nodes: list[dict[str, Any]]) -> int:
    return int(max(node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in nodes))


def _flat(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [node, *(each for inner in node.get("Plans", []) for each in _flat(inner))]
