"""Requests that schemathesis makes from the schema, good and bad ones: each answer is one that the schema tells."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core import NOT_SET
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.schemas import OpenApiSchema

from coderadmin.api.site import api
from coderadmin.wsgi import application
from tests.api.test_access import TABLE, body_of, ids_of, path_of
from tests.api.things import ROOT, make_token
from tests.world import World, make_people, make_world

pytestmark = pytest.mark.django_db
ROLES = ("site_admin", "site_manager", "auditor", "organization_manager", "organization_member")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
REPEATABLE = settings(
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def schema_with(**phases: dict[str, Any]) -> OpenApiSchema:
    """The schema of the program, for these phases of schemathesis."""
    generation = {"max-examples": 8, "deterministic": True, "no-shrink": True, "with-security-parameters": False}
    off = {phase: {"enabled": False} for phase in ("examples", "coverage", "fuzzing", "stateful")}
    config = SchemathesisConfig.from_dict({"generation": generation, "phases": off | phases})
    schema = schemathesis.openapi.from_dict(api.get_openapi_schema(), config=config)
    schema.app = application
    return schema


RANDOM = schema_with(fuzzing={"enabled": True})
EVERY_LIMIT = schema_with(coverage={"enabled": True, "unexpected-methods": []})


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def tokens(world: World) -> dict[str, str]:
    """Of each role, and none."""
    people = make_people(world)
    return {"anonymous": ""} | {role: make_token(people[role]) for role in ROLES}


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """Requests stay in the transaction of the test, as with Django's own client."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture(autouse=True)
def many_requests(settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 1_000_000


@pytest.mark.parametrize("name", TABLE)
def test_what_is_done_is_answered_as_the_schema_says(name: str, world: World, tokens: dict[str, str]) -> None:
    operation = RANDOM.find_operation_by_id(name)
    template = operation.path.removeprefix(ROOT)
    body = body_of(name, world)
    case = operation.Case(
        path_parameters={key: str(known) for key, known in ids_of(template, world).items() if f"{{{key}}}" in template},
        query=dict(parse_qsl(urlsplit(path_of(template, world)).query)),
        body=NOT_SET if body is None else body,
        media_type=None if body is None else "application/json",
    )
    check_answer(case, tokens["site_admin"], world.secrets() | {tokens["site_admin"]})


@RANDOM.parametrize()
@REPEATABLE
def test_everybody_gets_answers_of_the_schema(case: schemathesis.Case, world: World, tokens: dict[str, str]) -> None:
    aim(case, world)
    for token in tokens.values():
        check_answer(case, token, world.secrets() | set(tokens.values()) - {""})


@EVERY_LIMIT.parametrize()
@REPEATABLE
def test_the_limits_of_each_value_get_answers_of_the_schema(
    case: schemathesis.Case, world: World, tokens: dict[str, str]
) -> None:
    aim(case, world)
    check_answer(case, tokens["site_admin"], world.secrets() | {tokens["site_admin"]})


def aim(case: schemathesis.Case, world: World) -> None:
    """At what is there: each id that is well-formed becomes one of the world."""
    ids = ids_of(case.path.removeprefix(ROOT), world)
    case.path_parameters = _with_ids(case.path_parameters, ids)
    case.query = _with_ids(case.query, ids)
    case.body = _with_ids(case.body, ids)


def _with_ids(value: Any, ids: Mapping[str, Any], name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _with_ids(each, ids, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_ids(each, ids, name) for each in value]
    known = ids.get(name.removesuffix("_id").removesuffix("s") + "_id")
    return str(known) if known and _could_be(value, type(known)) else value


def _could_be(value: Any, kind: Callable[[str], object]) -> bool:
    try:
        kind(str(value))
    except ValueError:
        return False
    return True


def check_answer(case: schemathesis.Case, token: str, secrets: set[str]) -> None:
    """Sends the request, undoes what it did, and looks at the answer."""
    with transaction.atomic():
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = case.call(base_url="http://testserver", headers=headers)
        transaction.set_rollback(True)
    case.validate_response(answer, checks=CHECKS)
    assert not [secret for secret in secrets if secret in answer.text]
