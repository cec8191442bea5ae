"""The documentation page: what the schema says, for people."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.text import slugify

Schema = Mapping[str, Any]

PLAIN = {"date-time": "time", "uuid": "id", "integer": "whole number", "boolean": "true or false", "string": "text"}
NAMES = {"api": "API", "envproxy": "envproxy", "helm": "Helm"}


@dataclass(frozen=True, kw_only=True)
class Value:
    """A parameter, a field of a body, or one of an answer."""

    name: str
    kind: str
    required: bool
    text: str


@dataclass(frozen=True, kw_only=True)
class Route:
    method: str
    path: str
    summary: str
    text: str
    parameters: list[Value]
    body: list[Value]
    status: str
    answer: list[Value]

    @property
    def anchor(self) -> str:
        return slugify(self.summary)


@dataclass(frozen=True, kw_only=True)
class Area:
    name: str
    routes: list[Route]

    @property
    def anchor(self) -> str:
        return f"area-{slugify(self.name)}"


def sentence_of(operation_id: str) -> str:
    """`create_api_token`: Create API token."""
    first, *rest = operation_id.split("_")
    return " ".join([first.capitalize(), *(NAMES.get(word, word) for word in rest)])


def areas_of(schema: Schema) -> list[Area]:
    found: dict[str, list[Route]] = defaultdict(list)
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            found[operation["tags"][0]].append(_route(method, path, operation, schema))
    return [Area(name=name, routes=routes) for name, routes in found.items()]


def _route(method: str, path: str, operation: Schema, schema: Schema) -> Route:
    status, answer = next(iter(operation["responses"].items()))
    return Route(
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        text=operation.get("description", ""),
        parameters=[
            Value(
                name=each["name"],
                kind=_kind(each["schema"], schema),
                required=each["required"],
                text=each.get("description", ""),
            )
            for each in operation["parameters"]
            if each["in"] != "header"
        ],
        body=list(_fields(operation.get("requestBody", {}), schema)),
        status=f"{status} {answer['description']}",
        answer=list(_fields(answer, schema)),
    )


def _fields(content: Schema, schema: Schema) -> Iterator[Value]:
    """Of the object that is sent or answered."""
    for media in content.get("content", {}).values():
        document = _resolved(media["schema"], schema)
        required = document.get("required", [])
        for name, field in document.get("properties", {}).items():
            kind, text = _kind(field, schema), field.get("description", "")
            yield Value(name=name, kind=kind, required=name in required, text=text)


def _resolved(part: Schema, schema: Schema) -> Schema:
    name = part.get("$ref", "").rpartition("/")[2]
    found: Schema = schema["components"]["schemas"][name] if name else part
    return found


def _kind(part: Schema, schema: Schema) -> str:
    if "anyOf" in part:
        kinds = dict.fromkeys(_kind(each, schema) for each in part["anyOf"] if each.get("type") != "null")
        nullable = any(each.get("type") == "null" for each in part["anyOf"])
        return " or ".join([*kinds, *(["null"] if nullable else [])])
    resolved = _resolved(part, schema)
    if "enum" in resolved:
        return ", ".join(map(str, resolved["enum"]))
    if "const" in resolved:
        return str(resolved["const"])
    if resolved.get("type") == "array":
        return f"list of {_kind(resolved['items'], schema)}" if resolved.get("items") else "list"
    if resolved.get("type") == "object":
        names = ", ".join(resolved.get("properties", {}))
        return f"object: {names}" if names else "object"
    kind = str(resolved.get("type", "any"))
    return PLAIN.get(resolved.get("format", ""), PLAIN.get(kind, kind))
