"""A reader for the few types that Go clients send as protobuf: Helm's release storage and `kubectl create`.

Field numbers are those of k8s.io/api and k8s.io/apimachinery `generated.proto`. Answers are always JSON.
"""

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from coderadmin.embedded.sandbox.errors import bad_request, unsupported_media_type

CONTENT_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"
Decoder = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One message field: its JSON name, how to read it, and whether it repeats, maps, or means something when zero."""

    name: str
    decode: Decoder
    repeated: bool = False
    mapped: bool = False
    keeps_zero: bool = False


def decode(raw: bytes) -> dict[str, Any]:
    """The JSON object that a protobuf body stands for; 400 for a broken body, 415 for a type not known here."""
    if not raw.startswith(_MAGIC):
        raise bad_request("the protobuf body has no k8s prefix")
    try:
        envelope = dict(_fields(raw[len(_MAGIC) :]))
        kind = dict(_fields(envelope[1]))
        api_version, name = kind.get(1, b"").decode(), kind[2].decode()
        if name not in _MESSAGES:
            raise unsupported_media_type(f"{CONTENT_TYPE} of {name}")
        return {"apiVersion": api_version, "kind": name, **_MESSAGES[name](envelope.get(2, b""))}
    except (KeyError, IndexError, UnicodeDecodeError, AttributeError) as error:
        raise bad_request("the protobuf body is broken") from error


def _fields(raw: bytes) -> Iterator[tuple[int, Any]]:
    """The (number, value) pairs of one message: int for varints, bytes for the rest."""
    at = 0
    while at < len(raw):
        tag, at = _varint(raw, at)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, at = _varint(raw, at)
            yield number, value
            continue
        if wire == 2:
            length, at = _varint(raw, at)
        else:
            length = 4 if wire == 5 else 8
        if at + length > len(raw):
            raise IndexError(at)
        yield number, raw[at : at + length]
        at += length


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = raw[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _text(raw: bytes) -> str:
    return raw.decode()


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _time(raw: bytes) -> str | None:
    seconds = dict(_fields(raw)).get(1, 0)
    known = 0 < seconds < 1 << 40  # Go's zero time is a negative number, a huge varint
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if known else None


def _quantity(raw: bytes) -> str:
    return str(dict(_fields(raw)).get(1, b"0").decode())


def _message(*numbered: tuple[int, Field]) -> Decoder:
    known = dict(numbered)

    def read(raw: bytes) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for number, value in _fields(raw):
            if field := known.get(number):
                _add(found, field, value)
        return found

    return read


def _add(found: dict[str, Any], field: Field, value: Any) -> None:
    if field.repeated:
        found.setdefault(field.name, []).append(field.decode(value))
    elif field.mapped:
        entry = dict(_fields(value))
        found.setdefault(field.name, {})[entry.get(1, b"").decode()] = field.decode(entry.get(2, b""))
    else:
        read = field.decode(value)
        if field.keeps_zero or read not in ("", None, 0, {}):
            found[field.name] = read


def _map(name: str, decode: Decoder = _text) -> Field:
    return Field(name, decode, mapped=True)


def _list(name: str, decode: Decoder = _text) -> Field:
    return Field(name, decode, repeated=True)


_OWNER = _message(
    (1, Field("kind", _text)),
    (3, Field("name", _text)),
    (4, Field("uid", _text)),
    (5, Field("apiVersion", _text)),
    (6, Field("controller", bool)),
    (7, Field("blockOwnerDeletion", bool)),
)
_METADATA = Field(
    "metadata",
    _message(
        (1, Field("name", _text)),
        (2, Field("generateName", _text)),
        (3, Field("namespace", _text)),
        (5, Field("uid", _text)),
        (6, Field("resourceVersion", _text)),
        (7, Field("generation", int)),
        (8, Field("creationTimestamp", _time)),
        (11, _map("labels")),
        (12, _map("annotations")),
        (13, _list("ownerReferences", _OWNER)),
        (14, _list("finalizers")),
    ),
    keeps_zero=True,
)
_RESOURCE_ATTRIBUTES = _message(
    (1, Field("namespace", _text)),
    (2, Field("verb", _text)),
    (3, Field("group", _text)),
    (4, Field("version", _text)),
    (5, Field("resource", _text)),
    (6, Field("subresource", _text)),
    (7, Field("name", _text)),
)
_PATH_ATTRIBUTES = _message((1, Field("path", _text)), (2, Field("verb", _text)))
_ACCESS_SPEC = _message(
    (1, Field("resourceAttributes", _RESOURCE_ATTRIBUTES)), (2, Field("nonResourceAttributes", _PATH_ATTRIBUTES))
)
_RESOURCES = _message((1, _map("limits", _quantity)), (2, _map("requests", _quantity)))
_CONTAINER = _message(
    (1, Field("name", _text)),
    (2, Field("image", _text)),
    (3, _list("command")),
    (4, _list("args")),
    (6, _list("ports", _message((1, Field("name", _text)), (3, Field("containerPort", int))))),
    (8, Field("resources", _RESOURCES)),
)
_TEMPLATE = _message((1, _METADATA), (2, Field("spec", _message((2, _list("containers", _CONTAINER))))))
_DEPLOYMENT_SPEC = _message(
    (1, Field("replicas", int, keeps_zero=True)),
    (2, Field("selector", _message((1, _map("matchLabels"))))),
    (3, Field("template", _TEMPLATE)),
)
_DELETE_OPTIONS = _message(
    (1, Field("gracePeriodSeconds", int, keeps_zero=True)),
    (2, Field("preconditions", _message((1, Field("uid", _text)), (2, Field("resourceVersion", _text))))),
    (4, Field("propagationPolicy", _text)),
    (5, _list("dryRun")),
)
_TOKEN_SPEC = _message((1, _list("audiences")), (4, Field("expirationSeconds", int)))
_MESSAGES: dict[str, Decoder] = {
    "Secret": _message(
        (1, _METADATA),
        (2, _map("data", _base64)),
        (3, Field("type", _text)),
        (4, _map("stringData")),
        (5, Field("immutable", bool)),
    ),
    "ConfigMap": _message(
        (1, _METADATA), (2, _map("data")), (3, _map("binaryData", _base64)), (4, Field("immutable", bool))
    ),
    "Namespace": _message((1, _METADATA)),
    "ServiceAccount": _message((1, _METADATA)),
    "Deployment": _message((1, _METADATA), (2, Field("spec", _DEPLOYMENT_SPEC))),
    "SelfSubjectAccessReview": _message((1, _METADATA), (2, Field("spec", _ACCESS_SPEC))),
    "SelfSubjectRulesReview": _message((1, _METADATA), (2, Field("spec", _message((1, Field("namespace", _text)))))),
    "SelfSubjectReview": _message((1, _METADATA)),
    "TokenRequest": _message((1, _METADATA), (2, Field("spec", _TOKEN_SPEC))),
    "DeleteOptions": _DELETE_OPTIONS,
}
