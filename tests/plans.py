"""How PostgreSQL answers a query, asked after it did."""

import json
from typing import Any

from django.db.models import QuerySet


def plan_of(rows: QuerySet, *, table: str = "") -> tuple[set[str], int]:
    """The kinds of its nodes, of those that read `table` if one is given, and the most rows that any has read."""
    nodes = nodes_of(rows)
    read = max(node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in nodes)
    return {node["Node Type"] for node in nodes if not table or node.get("Relation Name") == table}, int(read)


def nodes_of(rows: QuerySet) -> list[dict[str, Any]]:
    (document,) = json.loads(rows.explain(format="json", analyze=True))
    nodes: list[dict[str, Any]] = []

    def collect(node: dict[str, Any]) -> None:
        nodes.append(node)
        for inner in node.get("Plans", []):
            collect(inner)

    collect(document["Plan"])
    return nodes
