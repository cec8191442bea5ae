import json
from typing import Any

import pytest

from providers.kube.errors import (
    MESSAGE_LIMIT,
    AlreadyExists,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    KubeError,
    NamespaceMissing,
    NamespaceTerminating,
    NotFound,
    NotKubernetes,
    NotReady,
    Reason,
    Unauthorized,
)
from providers.kube.translate import from_response
from providers.reasons import reason_for
from providers.target import ClusterTarget

TARGET = ClusterTarget(address="https://api.example.com:6443", namespace="coder", token="s3cr3t-token")
TERMINATING = {"causes": [{"reason": "NamespaceTerminating"}]}


def answer(code: int, reason: str, message: str = "told so", details: dict[str, Any] | None = None) -> KubeError:
    body = {"kind": "Status", "reason": reason, "message": message, "details": details or {}}
    return from_response(code, json.dumps(body).encode(), TARGET)


@pytest.mark.parametrize(
    ("code", "reason", "details", "kind", "expected"),
    [
        (401, "Unauthorized", {}, Unauthorized, "credential_refused"),
        (403, "Forbidden", {}, Forbidden, "verb_denied"),
        (403, "Forbidden", TERMINATING, NamespaceTerminating, "namespace_terminating"),
        (404, "NotFound", {"kind": "namespaces"}, NamespaceMissing, "namespace_missing"),
        (404, "NotFound", {"kind": "pods"}, NotFound, "unexpected"),
        (409, "AlreadyExists", {}, AlreadyExists, "unexpected"),
        (409, "Conflict", {}, Conflict, "unexpected"),
        (410, "Expired", {}, Gone, "unexpected"),
        (422, "Invalid", {}, Invalid, "unexpected"),
        (429, "TooManyRequests", {}, NotReady, "api_not_ready"),
        (500, "InternalError", {}, NotReady, "api_not_ready"),
        (503, "ServiceUnavailable", {}, NotReady, "api_not_ready"),
        (400, "BadRequest", {}, KubeError, "unexpected"),
    ],
)
def test_each_answer_has_its_error(
    code: int, reason: str, details: dict[str, Any], kind: type[KubeError], expected: str
) -> None:
    error = answer(code, reason, details=details)
    assert (type(error), error.reason, error.status) == (kind, expected, code)


def test_an_api_group_that_is_not_served_is_not_found() -> None:
    assert type(from_response(404, b"404 page not found\n", TARGET)) is NotFound


def test_a_foreign_body_is_dropped() -> None:
    error = from_response(403, b"<html>confidential</html>", TARGET)
    assert type(error) is NotKubernetes
    assert "confidential" not in error.message


def test_a_server_that_repeats_our_token_does_not_bring_it_into_a_message() -> None:
    assert "s3cr3t-token" not in answer(422, "Invalid", "bad header s3cr3t-token").message


def test_a_message_is_one_short_line() -> None:
    message = answer(422, "Invalid", "a\n" * 10_000).message
    assert len(message) == MESSAGE_LIMIT
    assert "\n" not in message


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_remedy(reason: Reason) -> None:
    assert reason_for(reason.value).remedy
