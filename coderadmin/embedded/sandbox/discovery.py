"""What clients ask before anything else: versions, API groups, resources, and just enough OpenAPI."""

from typing import Any

from coderadmin.embedded.sandbox.errors import PageNotFoundError
from coderadmin.embedded.sandbox.resources import ResourceType

Document = dict[str, Any]
MINOR = 33
OLD_MINOR = 19
_SUBRESOURCE_KINDS = {
    "scale": ("autoscaling", "v1", "Scale"),
    "token": ("authentication.k8s.io", "v1", "TokenRequest"),
    "eviction": ("policy", "v1", "Eviction"),
    "binding": ("", "v1", "Binding"),
}
_PATCH_PARAMETERS = [
    {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
    for name in ("dryRun", "fieldManager", "fieldValidation", "force")
]


def version(*, old: bool) -> Document:
    minor = OLD_MINOR if old else MINOR
    return {
        "major": "1",
        "minor": str(minor),
        "gitVersion": f"v1.{minor}.0",
        "gitCommit": "sandbox",
        "gitTreeState": "clean",
        "buildDate": "2026-11-22T00:00:00Z",
        "goVersion": "none",
        "compiler": "none",
        "platform": "linux/amd64",
    }


def document(path: str, types: list[ResourceType]) -> Document:
    """The discovery document at `path`; 404 when there is none."""
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
    if path == "/apis":
        names = dict.fromkeys(one.group for one in types if one.group)
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(name, types) for name in names]}
    steps = path.strip("/").split("/")
    if steps[0] == "apis" and len(steps) == 2:
        return {"kind": "APIGroup", "apiVersion": "v1", **_group(steps[1], types)}
    return _resource_list("/".join(steps[1:]), types)


def openapi(path: str, types: list[ResourceType]) -> Document:
    """OpenAPI v3 without schemas: it lets clients find out that patches know `fieldValidation`."""
    root = path.removeprefix("/openapi/v3").strip("/")
    if not root:
        return {"paths": {_root(one): {"serverRelativeURL": f"/openapi/v3/{_root(one)}"} for one in types}}
    served = [one for one in types if _root(one) == root]
    if not served:
        raise PageNotFoundError(path)
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": f"v1.{MINOR}.0"},
        "components": {"schemas": {}},
        "paths": dict(_patch_path(one) for one in served if "patch" in one.verbs),
    }


def _root(resource: ResourceType) -> str:
    return f"apis/{resource.api_version}" if resource.group else f"api/{resource.version}"


def _patch_path(resource: ResourceType) -> tuple[str, Document]:
    namespace = "namespaces/{namespace}/" if resource.namespaced else ""
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    operation = {
        "parameters": _PATCH_PARAMETERS,
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-action": "patch",
        "x-kubernetes-group-version-kind": kind,
    }
    return f"/{_root(resource)}/{namespace}{resource.plural}/{{name}}", {"patch": operation}


def _group(name: str, types: list[ResourceType]) -> Document:
    versions = dict.fromkeys(one.version for one in types if one.group == name)
    if not versions:
        raise PageNotFoundError(name)
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def _resource_list(group_version: str, types: list[ResourceType]) -> Document:
    served = [one for one in types if one.api_version == group_version]
    if not served:
        raise PageNotFoundError(group_version)
    resources = [entry for one in served for entry in (_resource(one), *_subresources(one))]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources}


def _resource(resource: ResourceType) -> Document:
    entry: Document = {
        "name": resource.plural,
        "singularName": resource.kind.lower(),
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    return entry


def _subresources(resource: ResourceType) -> list[Document]:
    return [_subresource(resource, name) for name in resource.subresources]


def _subresource(resource: ResourceType, name: str) -> Document:
    created = {name: ["create"] for name in ("token", "eviction", "binding")}
    verbs = created | {"log": ["get"], "finalize": ["update"]}
    group, version_, kind = _SUBRESOURCE_KINDS.get(name, ("", "", resource.kind))
    entry: Document = {
        "name": f"{resource.plural}/{name}",
        "singularName": "",
        "namespaced": resource.namespaced,
        "kind": kind,
        "verbs": verbs.get(name, ["get", "patch", "update"]),
    }
    return entry | ({"group": group, "version": version_} if group else {})
