"""Every route of the original protocol and everybody who may call, as one table: a route that is not in it fails.

Where a client says workspaces instead of environments, the same function answers.
"""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from authentication.wire import ROUTES as AUTHENTICATION_ROUTES
from coderadmin.wire.routes import ROOTS, Route
from coderadmin.wire.site import routes
from environments.models import Image
from environments.wire import ROUTES as ENVIRONMENT_ROUTES
from organizations.models import ApiToken, User
from organizations.wire import ROUTES as ORGANIZATION_ROUTES
from providers.wire import ROUTES as PROVIDER_ROUTES
from tests.api.things import make_token
from tests.headers import missing_headers
from tests.permissions import EVERYBODY, ROLES, SITE_MANAGERS
from tests.world import World, make_people, make_world, tells

pytestmark = pytest.mark.django_db
CLIENT = Client()
ROUTES = [*routes.all, *AUTHENTICATION_ROUTES, *ORGANIZATION_ROUTES, *PROVIDER_ROUTES, *ENVIRONMENT_ROUTES]
MEANING = {"+": {200, 201, 204, 409}, "3": {403}, "4": {404}, "i": {400}, "w": {400, 426}, "n": {501, 409}}
OPEN = "open"
NOT_OFFERED = "nnnnnnnnnn"
#  as in tests/permissions.py; of the owner's tokens, account and environment
TOKEN_READERS = "43+44343+4"
TOKEN_MAKERS = "43+4434334"
USER_READERS = "4++44+4++4"
USER_EDITORS = "4334434++4"
PROVIDER_USERS = "4+++4+4++4"
PROVIDER_MANAGERS = "4333434++4"
MEMBERS = "44++4+4++4"
ORGANIZATION_OWNERS = "4433434++4"
IMAGE_MANAGERS = "44334+4++4"
ENVIRONMENT_USERS = "44+44+4++4"
ENVIRONMENT_OWNER = "44+4444444"
IN_ONE_S_ORGANIZATION = "ii++i+i++i"
TABLE = {
    "GET api": OPEN,
    "GET api/private/version": OPEN,
    "GET api/private/config/setup-mode": OPEN,
    "POST auth/basic/login": OPEN,
    "GET api/private/auth/config": EVERYBODY,
    "GET api/v0/workspaces/config": EVERYBODY,
    "GET api/private/config": EVERYBODY,
    "GET api/private/satellites": EVERYBODY,
    "GET api/private/webrtc/ice": EVERYBODY,
    "GET api/v0/api-keys/<str:user>": TOKEN_READERS,
    "POST api/v0/api-keys/<str:user>": TOKEN_MAKERS,
    "GET api/v0/api-keys/<str:user>/<uuid:pk>": TOKEN_READERS,
    "DELETE api/v0/api-keys/<str:user>/<uuid:pk>": TOKEN_READERS,
    "POST api/v0/api-keys/<str:user>/<uuid:pk>/regen": TOKEN_MAKERS,
    "GET api/v0/users": EVERYBODY,
    "POST api/v0/users": SITE_MANAGERS,
    "GET api/v0/users/me": EVERYBODY,
    "PATCH api/v0/users/me": EVERYBODY,
    "GET api/v0/users/me/sshkey": EVERYBODY,
    "GET api/v0/users/<str:user>": USER_READERS,
    "PATCH api/v0/users/<str:user>": USER_EDITORS,
    "DELETE api/v0/users/<str:user>": SITE_MANAGERS,
    "PUT api/private/users/<str:user>/ux-state": USER_READERS,
    "GET api/v0/orgs": EVERYBODY,
    "POST api/v0/orgs": SITE_MANAGERS,
    "GET api/v0/orgs/<uuid:pk>": MEMBERS,
    "GET api/v0/orgs/<uuid:pk>/members": MEMBERS,
    "PATCH api/v0/orgs/<uuid:pk>": ORGANIZATION_OWNERS,
    "DELETE api/v0/orgs/<uuid:pk>": ORGANIZATION_OWNERS,
    "GET api/private/resource-pools": EVERYBODY,
    "POST api/private/resource-pools": SITE_MANAGERS,
    "GET api/private/resource-pools/<uuid:pk>": PROVIDER_USERS,
    "GET api/private/resource-pools/<uuid:pk>/environments": PROVIDER_USERS,
    "PATCH api/private/resource-pools/<uuid:pk>": PROVIDER_MANAGERS,
    "DELETE api/private/resource-pools/<uuid:pk>": PROVIDER_MANAGERS,
    "POST api/private/resource-pools/<uuid:pk>/cordon": PROVIDER_MANAGERS,
    "POST api/private/resource-pools/<uuid:pk>/uncordon": PROVIDER_MANAGERS,
    "GET api/v0/images": EVERYBODY,
    "POST api/v0/images": IN_ONE_S_ORGANIZATION,
    "GET api/v0/images/<uuid:pk>": MEMBERS,
    "PATCH api/v0/images/<uuid:pk>": IMAGE_MANAGERS,
    "POST api/v0/images/<uuid:pk>/tags/update": MEMBERS,
    "GET api/v0/images/<uuid:pk>/tags": MEMBERS,
    "POST api/v0/images/<uuid:pk>/tags": MEMBERS,
    "GET api/v0/images/<uuid:pk>/tags/<str:tag>": MEMBERS,
    "DELETE api/v0/images/<uuid:pk>/tags/<str:tag>": IMAGE_MANAGERS,
    "GET api/v0/registries": EVERYBODY,
    "GET api/v0/environments": EVERYBODY,
    "POST api/v0/environments": IN_ONE_S_ORGANIZATION,
    "GET api/v0/environments/<uuid:pk>": ENVIRONMENT_USERS,
    "PATCH api/v0/environments/<uuid:pk>": ENVIRONMENT_USERS,
    "DELETE api/v0/environments/<uuid:pk>": ENVIRONMENT_USERS,
    "PUT api/v0/environments/<uuid:pk>/stop": ENVIRONMENT_USERS,
    "GET api/v0/environments/<uuid:pk>/devurls": ENVIRONMENT_USERS,
    "POST api/v0/environments/<uuid:pk>/devurls": NOT_OFFERED,
    "GET api/private/environments/<uuid:pk>/watch-update": ENVIRONMENT_USERS.replace("+", "w"),
    "POST api/private/metrics/usage/push": ENVIRONMENT_OWNER,
    "POST api/private/environments/template/parse": NOT_OFFERED,
    "POST api/private/environments/template/policy": NOT_OFFERED,
    "POST api/private/orgs/<uuid:pk>/environments/from-repo": NOT_OFFERED,
}


def row_of(route: Route) -> str:
    path = route.path if route.path.endswith("config") else route.path.replace("workspaces", "environments")
    return f"{route.method} {path}"


def path_of(route: Route, world: World, image: Image) -> str:
    objects = {"api-keys": world.token, "orgs": world.organization, "resource-pools": world.provider, "images": image}
    named = next((each for part, each in objects.items() if f"/{part}/" in route.path), world.environment)
    path = route.path.replace("<uuid:pk>", str(named.pk)).replace("<str:user>", str(world.owner.pk))
    return "/" + path.replace("<str:tag>", "latest")


def body_of(route: Route, world: World, image: Image) -> dict[str, Any]:
    place = {"org_id": str(world.organization.pk), "resource_pool_id": str(world.provider.pk)}
    bodies: dict[str, dict[str, Any]] = {
        "POST api/v0/api-keys/<str:user>": {"name": "another"},
        "POST api/v0/users": {"email": "new@example.com", "organizations": [place["org_id"]]},
        "PATCH api/v0/users/<str:user>": {"revoked": True},
        "POST api/v0/orgs": {"name": "new"},
        "PATCH api/v0/orgs/<uuid:pk>": {"description": "new"},
        "POST api/private/resource-pools": {
            "name": "new",
            "hostname": "http://new.testserver",
            "cluster_address": "https://203.0.113.9",
        },
        "POST api/private/resource-pools/<uuid:pk>/cordon": {"reason": "upgrade"},
        "POST api/v0/images": place | {"repository": "team/node", "tag": "22"},
        "POST api/v0/images/<uuid:pk>/tags": {"tag": "22"},
        "POST api/v0/environments": place | {"name": "new", "image_id": str(image.pk)},
        "POST api/private/metrics/usage/push": {"environment_id": str(world.environment.pk)},
    }
    return bodies.get(row_of(route), {})


def call(route: Route, world: World, token: str) -> Any:
    image = Image.objects.get()
    headers = {"Session-Token": token} if token else {}
    body = json.dumps(body_of(route, world, image))
    return CLIENT.generic(route.method, path_of(route, world, image), body, headers=headers)


def test_the_table_holds_every_route_and_no_other() -> None:
    assert {row_of(route) for route in ROUTES} == TABLE.keys()
    assert all(f"/{route.path}".startswith((*ROOTS, "/auth/")) or route.path == "api" for route in ROUTES)


@pytest.mark.parametrize("role", ROLES)
def test_everybody_may_do_what_the_table_says(role: str) -> None:
    world = make_world()
    person = make_people(world)[role]
    token, wrong = make_token(person, name="mine"), []
    for route in ROUTES:
        letters = TABLE[row_of(route)]
        if letters == OPEN:
            continue
        letter, done = letters[ROLES.index(role)], AuditEvent.objects.exclude(outcome=AuditEvent.Outcome.DENIED)
        before = done.count()
        with transaction.atomic():
            answer = call(route, world, token)
            written = done.count() - before
            transaction.set_rollback(True)
        refused = letter in "34" or answer.status_code in (403, 404)
        bad = answer.status_code not in MEANING[letter] or (refused and (tells(answer.text, to=person) or written))
        if bad or any(secret in answer.text for secret in world.secrets()):
            wrong.append(f"{row_of(route)}: {answer.status_code}, not {letter}: {answer.text[:150]}")
    assert not wrong, "\n".join(wrong)


def test_nobody_comes_in_without_a_live_token() -> None:
    world = make_world()
    people = make_people(world)
    expired = make_token(people["site_manager"])
    ApiToken.objects.filter(user=people["site_manager"]).update(expires_at=timezone.now() - timedelta(seconds=1))
    tokens = {"anonymous": "", "revoked": make_token(people["revoked"]), "expired": expired}
    User.objects.filter(pk=people["revoked"].pk).update(is_active=False)
    for route in ROUTES:
        for token in tokens.values():
            answer = call(route, world, token)
            expected = {200, 400} if TABLE[row_of(route)] == OPEN else {401}
            assert answer.status_code in expected, (row_of(route), answer.text)
            assert not missing_headers(answer.headers), row_of(route)
            assert not tells(answer.text)
