"""One request, read: what it asks for, of which resource, and its body."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import yaml
from aiohttp import web

from coderadmin.embedded.sandbox import protobuf
from coderadmin.embedded.sandbox.errors import (
    PageNotFoundError,
    bad_request,
    method_not_allowed,
    no_such_path,
    unsupported_media_type,
)
from coderadmin.embedded.sandbox.identity import User
from coderadmin.embedded.sandbox.ownership import Manager
from coderadmin.embedded.sandbox.rbac import Attributes
from coderadmin.embedded.sandbox.resources import ResourceType, ResourceTypes
from coderadmin.embedded.sandbox.store import Key, Object

APPLY = "application/apply-patch+yaml"
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
_NAMESPACE_SUBRESOURCES = ("status", "finalize")


@dataclass(frozen=True)
class Call:
    """A request about a resource."""

    verb: str
    resource: ResourceType
    namespace: str
    name: str
    subresource: str
    query: Mapping[str, str]
    user: User
    content_type: str = ""
    accept: str = ""
    user_agent: str = ""
    body: Any = field(default=None, repr=False)

    @property
    def key(self) -> Key:
        namespace = self.namespace if self.resource.namespaced else ""
        return Key(self.resource.group, self.resource.plural, namespace, self.name)

    @property
    def attributes(self) -> Attributes:
        resource = self.resource
        return Attributes(self.verb, resource.group, resource.plural, self.subresource, self.namespace, self.name)

    @property
    def is_dry_run(self) -> bool:
        options = self.body if isinstance(self.body, dict) and self.verb.startswith("delete") else {}
        return self.query.get("dryRun") == "All" or "All" in (options.get("dryRun") or [])

    @property
    def is_apply(self) -> bool:
        return self.content_type == APPLY

    @property
    def manager(self) -> Manager:
        """Who owns what this call writes: the stated field manager, else the program's name."""
        name = self.query.get("fieldManager") or self.user_agent.partition("/")[0] or "unknown"
        operation = "Apply" if self.is_apply else "Update"
        return Manager(name, operation, self.subresource if self.subresource in ("status", "scale") else "")

    def with_name(self, name: str) -> "Call":
        return replace(self, name=name)

    def flag(self, name: str) -> bool:
        return self.query.get(name) in ("1", "true", "True")


@dataclass(frozen=True, slots=True)
class Place:
    """What a path names."""

    resource: ResourceType
    namespace: str
    name: str
    subresource: str


def find_place(path: str, types: ResourceTypes) -> Place:
    """Take `/api/v1/namespaces/x/pods/y/log` apart; 404 when no such resource is served."""
    steps = path.strip("/").split("/")
    if steps[0] == "api" and len(steps) > 2:
        group, version, rest = "", steps[1], steps[2:]
    elif steps[0] == "apis" and len(steps) > 3:
        group, version, rest = steps[1], steps[2], steps[3:]
    else:
        raise PageNotFoundError(path)
    if not types.serves(group, version):
        raise PageNotFoundError(path)
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and rest[2] not in _NAMESPACE_SUBRESOURCES:
        namespace, rest = rest[1], rest[2:]
    resource = types.find(group, version, rest[0])
    name, subresource = [*rest[1:3], "", ""][:2]
    if resource is None or len(rest) > 3 or (subresource and subresource not in resource.subresources):
        raise no_such_path()
    if namespace and not resource.namespaced:
        raise no_such_path()
    if resource.plural == "namespaces":
        namespace = name
    return Place(resource, namespace, name, subresource)


def verb_of(method: str, place: Place, query: Mapping[str, str]) -> str:
    """The authorization verb; 405 for a method that the path does not know."""
    if method in ("GET", "HEAD"):
        if place.name:
            return "get"
        return "watch" if query.get("watch") in ("1", "true") else "list"
    if method == "DELETE":
        return "delete" if place.name else "deletecollection"
    verb = {"POST": "create", "PUT": "update", "PATCH": "patch"}.get(method)
    if verb is None or (verb == "create" and place.name and not place.subresource):
        raise method_not_allowed()
    if verb != "create" and not place.name:
        raise method_not_allowed()
    return verb


async def read_body(request: web.Request) -> Any:
    """The body as JSON values, whatever it came as; None without one, 400 when broken, 415 when unknown."""
    raw = await request.read()
    if not raw:
        return None
    if request.content_type == protobuf.CONTENT_TYPE:
        return protobuf.decode(raw)
    try:
        if request.content_type.endswith("json") or request.content_type == "application/octet-stream":
            return json.loads(raw)
        if request.content_type.endswith("yaml"):
            return _from_yaml(raw)
    except (ValueError, yaml.YAMLError) as error:
        raise bad_request(f"error decoding the body: {error}") from error
    raise unsupported_media_type(request.content_type)


def _from_yaml(raw: bytes) -> Any:
    """Clients send JSON, which is YAML, too, and is read a hundred times as fast."""
    try:
        return json.loads(raw)
    except ValueError:
        return yaml.safe_load(raw)


def as_object(body: Any) -> Object:
    if not isinstance(body, dict):
        raise bad_request("the body of the request is not an object")
    return body
