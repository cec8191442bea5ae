"""No value that fits its type is a server error, wherever it is sent. Those that do not fit: test_schema.py."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.db import transaction

from coderadmin.api.site import api
from organizations.models import User
from tests.api.test_access import OPERATIONS, body_of, path_of, world
from tests.api.things import Program
from tests.world import World

__all__ = ["world"]
pytestmark = pytest.mark.django_db
SCHEMA = api.get_openapi_schema(path_prefix="")
TEXTS = ["", "x" * 5000, "a\u202eb", "\x01", "é", "-1", "9" * 30, "'", "[]"]
VALUES = [None, -1, 10**30, 1e308, ["x"], *TEXTS]
MOMENTS = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]


def body_fields(operation: dict[str, Any]) -> list[str]:
    content = operation.get("requestBody", {}).get("content", {})
    if not content:
        return []
    schema = content["application/json"]["schema"]
    return list(SCHEMA["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["properties"])


def requests_of(name: str, world: World) -> Iterator[tuple[str, Any]]:
    method, template = OPERATIONS[name]
    operation = SCHEMA["paths"][template][method.lower()]
    path, body = path_of(template, world), body_of(name, world)
    for field in body_fields(operation):
        yield from ((path, (body or {}) | {field: value}) for value in VALUES)
    for parameter in operation["parameters"]:
        if parameter["in"] == "query":
            joint = "&" if "?" in path else "?"
            yield from ((f"{path}{joint}{parameter['name']}={quote(text)}", body) for text in [*TEXTS, *MOMENTS, "\0"])


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_bad_value_is_a_server_error(name: str, world: World, site_admin: User, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 10_000
    program = Program(site_admin)
    for path, body in requests_of(name, world):
        with transaction.atomic():
            answer = program.call(OPERATIONS[name][0], path, body)
            transaction.set_rollback(True)
        assert answer.status_code < 500, (path, body)
        assert answer.status_code < 400 or answer["Content-Type"] == "application/problem+json"
