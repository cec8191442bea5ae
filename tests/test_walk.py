"""Every address of the site and everybody who may ask it, held to the table of `tests/permissions.py`.

The operations of the API are walked in tests/api/test_access.py, the routes of the original protocol in
tests/wire/test_access.py. What is in neither, and new, fails here.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from audit.services import SYSTEM
from authentication.models import Session
from coderadmin.health import ANSWERS
from organizations.models import ApiToken, User
from organizations.services import deactivate_user
from providers.helm.package import chart_version
from providers.helm.release import CHART_NAME
from providers.reasons import REASONS
from tests.api.test_access import OPERATIONS
from tests.api.things import make_token
from tests.headers import missing_headers
from tests.people import signed_in
from tests.permissions import (
    DOCUMENT,
    FORBIDDEN,
    HIDDEN,
    LIKE_ANONYMOUS,
    MATRIX,
    NEW_PASSWORD,
    NO_METHOD,
    NO_TOKEN,
    OUTSIDERS,
    ROLES,
    SIGN_IN,
    YES,
    document,
)  # fmt: skip
from tests.wire.test_access import ROUTES as WIRE_ROUTES
from tests.world import CANARY, World, make_people, make_world, tells

WIRE_PATHS = {route.path for route in WIRE_ROUTES}
REFUSALS = {FORBIDDEN, HIDDEN, NO_TOKEN, SIGN_IN, NEW_PASSWORD}
LETTERS = {401: NO_TOKEN, 403: FORBIDDEN, 404: HIDDEN, 405: NO_METHOD}
STRANGERS = ("member", "member_elsewhere", "manager_elsewhere")
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")
OF_A_SITE_MANAGER = " of a site manager"
OF_THE_REQUEST = re.compile(r'"(authentication_session|audit_auditevent)"')
ROW = re.compile(r"support/(?P<app>[a-z]+)/(?P<model>[a-z]+)/.*")

ARGUMENTS: dict[str, Callable[[World], dict[str, Any]]] = {
    "support/r/": lambda world: {"content_type_id": _content_type(), "object_id": world.owner.pk},
    "support/^": lambda world: {"app_label": "providers"},
    "support/(": lambda world: {"url": "no/such/page"},
    "sign-in/password/": lambda world: {"uidb64": "no", "token": "no"},
    "account/tokens/": lambda world: {"pk": world.token.pk},
    "account/sessions/": lambda world: {"pk": world.session.pk},
    "account/second-factors/": lambda world: {"pk": 1},
    "manage/users/": lambda world: {
        "pk": world.owner.pk,
        "token": world.token.pk,
        "session": world.session.pk,
    },
    "manage/organizations/": lambda world: {"pk": world.organization.pk, "user": world.owner.pk},
    "manage/admin/workspace-providers/": lambda world: {"pk": world.provider.pk, "token": world.envproxy_token.pk},
    "manage/admin/workspace-providers/operations/": lambda world: {"pk": world.operation.pk},
    "manage/admin/workspace-providers/reasons/": lambda world: {"code": min(REASONS)},
    "manage/admin/infrastructure/access-url/": lambda world: {"pk": world.step.rollout.change_id},
    "manage/admin/infrastructure/rollouts/": lambda world: {"pk": world.step.rollout_id, "step": world.step.pk},
    "environments/": lambda world: {"pk": world.environment.pk},
    "environments/operations/": lambda world: {"pk": world.work.pk},
    "charts/": lambda world: {"chart": CHART_NAME, "version": chart_version()},
}
"""What stands in an address, by the beginning of its route; the longest one counts."""

QUERIES: dict[str, Callable[[World], str]] = {
    "providers:provider_chips": lambda world: f"ids={world.provider.pk}",
    "environments:environment_chips": lambda world: f"ids={world.environment.pk}",
    "environments:environment_create": lambda world: f"organization={world.organization.pk}",
    "environments:names": lambda world: f"provider={CANARY}",
    "environments:people": lambda world: f"owner={CANARY}",
    "environments:why": lambda world: f"organization={world.organization.pk}&provider={world.provider.pk}",
    "infrastructure:upgrade_start": lambda world: f"provider={world.provider.pk}",
}
"""Addresses whose parameters name objects."""


@dataclass(frozen=True)
class Address:
    """`name`: its row in the matrix."""

    name: str
    route: str

    def path(self, world: World) -> str:
        values = arguments(self.route, world)
        if self.name.endswith(OF_A_SITE_MANAGER):
            values |= {"pk": world.site_manager.pk}
        query = QUERIES[self.name](world) if self.name in QUERIES else ""
        return f"/{filled(self.route, values)}" + (f"?{query}" if query else "")


def arguments(route: str, world: World) -> dict[str, Any]:
    if row := ROW.fullmatch(route):
        model = apps.get_model(row["app"], row["model"])
        assert model in world.rows(), f"/support/ shows {model.__name__}: give World.rows() one (tests/world.py)."
        return {"object_id": world.rows()[model].pk}
    beginnings = [each for each in ARGUMENTS if route.startswith(each)]
    return ARGUMENTS[max(beginnings, key=len)](world) if beginnings else {}


def filled(route: str, values: dict[str, Any]) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        assert name in values, f"Say in ARGUMENTS which object <{name}> of {route} is."
        return str(values[name])

    return (
        PARAMETER.sub(value, route)
        .replace("^", "")
        .replace("(?:v0|private)", "v0")
        .replace("(?:/|$)", "/no")
        .rstrip("$")
    )


def _content_type() -> int:
    return int(ContentType.objects.get_for_model(User).pk)


def routes(resolver: URLResolver, route: str = "", spaces: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """The name, with its namespace, and the whole route of every pattern."""
    for pattern in resolver.url_patterns:
        whole = f"{route}{pattern.pattern}"
        if isinstance(pattern, URLPattern):
            yield ":".join([*spaces, pattern.name or ""]), whole
        else:
            yield from routes(pattern, whole, (*spaces, pattern.namespace) if pattern.namespace else spaces)


def row_name(name: str, route: str) -> str:
    """Pages of a model at /support/ are of one kind, whatever the model."""
    if ROW.fullmatch(route):
        return f"admin:{name.rpartition('_')[2]}" if name != "admin:" else "admin:row"
    return "admin:elsewhere" if name == "admin:" else name or route


def addresses() -> list[Address]:
    found = [
        Address(row_name(name, route), route)
        for name, route in routes(get_resolver())
        if name.removeprefix("api:") not in OPERATIONS and route not in WIRE_PATHS
    ]
    health = [Address(path, path.removeprefix("/")) for path in ANSWERS]
    managers = [
        Address(each.name + OF_A_SITE_MANAGER, each.route) for each in found if each.name + OF_A_SITE_MANAGER in MATRIX
    ]
    return [*found, *health, *managers]


class Browser:
    """That of one person; each request as if it were the first one, and undone after it."""

    def __init__(self, user: User | None) -> None:
        self.user = user
        self.headers: dict[str, str] = {}
        self.client = signed_in(user) if user else Client()  # to make one takes longer than to ask
        self.cookies = dict(self.client.cookies)

    def headers_for(self, path: str) -> dict[str, str]:
        """Not to the APIs, which say of a bad token that it is one: they have walks of their own."""
        return {} if path.startswith("/api/") else self.headers

    def ask(self, method: str, path: str, **headers: str) -> tuple[str, str, int]:
        """The letter of the answer, its text, and how many rows were written other than about the attempt itself."""
        writes = Writes()
        with transaction.atomic(), connection.execute_wrapper(writes):
            self.client.cookies.clear()
            self.client.cookies.update(self.cookies)
            answer = self.client.generic(method, path, headers=headers | self.headers_for(path))
            assert not missing_headers(answer.headers), path
            while answer.headers.get("Location", "").startswith(reverse("admin:index")):
                answer = self.client.get(answer["Location"])
            result = letter_of(answer), text_of(answer), writes.count
            transaction.set_rollback(True)
        return result


class Writes:
    """Counts the statements that change rows, but for those about the request itself: its session, its denial."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith(("INSERT", "UPDATE", "DELETE")) and not OF_THE_REQUEST.search(sql[:80]):
            self.count += 1
        return execute(sql, *rest)


def text_of(answer: Any) -> str:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(body.decode(errors="replace"))


def letter_of(answer: Any) -> str:
    """What becomes of a fragment is told by a header; that an environment is gone, by the way to the list."""
    leads_to = answer.headers.get("Location", "") or answer.headers.get("HX-Redirect", "")
    if leads_to.startswith(f"{reverse('organizations:sign_in')}?next="):
        return SIGN_IN
    if leads_to == reverse("organizations:password_change"):
        return NEW_PASSWORD
    if "HX-Redirect" in answer.headers and leads_to == reverse("environments:environment_list"):
        return HIDDEN
    return YES if answer.status_code < 400 else LETTERS.get(answer.status_code, str(answer.status_code))


def is_stranger(role: str, address: Address) -> bool:
    """Whether not even a page that opens may tell of the world."""
    return role in STRANGERS or (role == "support" and not address.name.startswith("admin:"))


def browser_of(role: str, people: dict[str, User]) -> Browser:
    browser = Browser(people.get(role))
    if role == "revoked":
        deactivate_user(actor=SYSTEM, user=people[role])
    if role == "expired":
        token, ended = make_token(people["site_manager"]), {"expires_at": timezone.now() - timedelta(seconds=1)}
        browser = Browser(people["site_manager"])
        browser.headers = {"Authorization": f"Bearer {token}", "Session-Token": token}
        Session.objects.update(**ended)
        ApiToken.objects.update(**ended)
    return browser


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    known = {each.name for each in addresses()}
    new, gone = sorted(known - MATRIX.keys()), sorted(MATRIX.keys() - known)
    assert not new, f"Say in tests/permissions.py who may do what at {new}."
    assert not gone, f"No address has the rows {gone} of tests/permissions.py: take them out."


def test_the_page_about_permissions_is_up_to_date() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "Run: python -m tests.permissions"


@pytest.mark.django_db
@pytest.mark.parametrize("role", [*ROLES, *OUTSIDERS, *LIKE_ANONYMOUS])
def test_everybody_gets_what_the_table_says(role: str) -> None:
    world = make_world()
    browser = browser_of(role, make_people(world))
    secrets, wrong = world.secrets(), []
    for address in addresses():
        path = address.path(world)
        ways: list[tuple[str, dict[str, str]]] = [("GET", {}), ("POST", {})]
        if not address.name.startswith("admin:"):
            ways.append(("GET", {"HX-Request": "true"}))
        for method, headers in ways:
            expected = MATRIX[address.name].expected(role, method)
            letter, text, events = browser.ask(method, path, **headers)
            told = tells(text, to=browser.user) and (expected in REFUSALS or is_stranger(role, address))
            told = told or any(secret in text for secret in secrets)
            if letter != expected or told or (events and expected in REFUSALS):
                leak = " and tells a name or a secret" * told + " and writes something" * (events > 0)
                wrong.append(f"{method} {path} ({address.name}, {headers}): {letter}, not {expected}{leak}")
    assert not wrong, "\n".join(wrong)
