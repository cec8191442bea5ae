"""Whatever is sent to whichever route: an answer in words, and never a 500."""

import json
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from coderadmin.wire.routes import Route
from coderadmin.wire.site import routes
from environments.models import Environment
from environments.wire import ROUTES as ENVIRONMENT_ROUTES
from organizations.choices import OrganizationRole, SiteRole
from organizations.wire import ROUTES as ORGANIZATION_ROUTES
from providers.wire import ROUTES as PROVIDER_ROUTES
from tests.api.things import make_token
from tests.factories import make_built_in, make_user
from tests.people import add_member
from tests.wire.things import make_image, make_known_environment

EVERY = [*routes.all, *ORGANIZATION_ROUTES, *PROVIDER_ROUTES, *ENVIRONMENT_ROUTES]
KEYS = st.sampled_from(
    ["name", "email", "password", "type", "hostname", "cluster_address", "namespace", "reason", "org_whitelist",
     "roles", "revoked", "old_password", "temporary_password", "login_type", "organizations", "description",
     "default", "auto_off_threshold", "cpu_provisioning_rate", "org_id", "repository", "tag", "url",
     "default_cpu_cores", "default_disk_gb", "default_tag", "image_id", "image_tag", "cpu_cores", "memory_gb",
     "disk_gb", "gpus", "resource_pool_id", "for_user_id", "environment_id", "registry_id", "username"]
)  # fmt: skip
WORDS = st.sampled_from(["", " ", "dev", "me", "site-admin", "https://x.coder.example.com", "kubernetes", "\x1f", "é"])


class StrangeBodies(TestCase):
    """Each example in a transaction of its own."""

    @classmethod
    def setUpTestData(cls) -> None:
        make_built_in()
        cls.environment = make_known_environment()
        cls.image = make_image(cls.environment.organization)
        owner, admin = cls.environment.owner, make_user(SiteRole.ADMIN)
        add_member(cls.environment.organization, owner, OrganizationRole.MANAGER)
        cls.tokens = [make_token(owner), make_token(admin)]

    def ids(self) -> st.SearchStrategy[str]:
        environment: Environment = self.environment
        known = (environment.pk, environment.organization_id, environment.provider_id, environment.owner_id)
        return st.sampled_from([str(pk) for pk in (*known, self.image.pk)])

    def good(self) -> dict[str, Any]:
        """Together, what all routes take: with one thing changed, that one is what is wrong."""
        environment: Environment = self.environment
        return {
            "name": "dev",
            "email": "somebody@example.com",
            "hostname": "https://sydney.coder.example.com",
            "cluster_address": "https://203.0.113.9",
            "reason": "node upgrade",
            "repository": "team/node",
            "tag": "22",
            "org_id": str(environment.organization_id),
            "image_id": str(self.image.pk),
            "resource_pool_id": str(environment.provider_id),
        }

    @given(data=st.data())
    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    def test_no_body_and_no_path_makes_an_error_of_ours(self, data: Any) -> None:
        route: Route = data.draw(st.sampled_from(EVERY))
        ids = self.ids()
        path = route.path.replace("<uuid:pk>", data.draw(ids)).replace("<str:user>", data.draw(ids | st.just("me")))
        path = path.replace("<str:tag>", data.draw(st.sampled_from(["latest", "%00", "ü", "x" * 300])))
        plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=400) | WORDS | ids
        values = st.recursive(
            plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=2)
        )
        changes = st.dictionaries(KEYS, values, max_size=8)
        body = data.draw(changes | changes.map(lambda drawn: self.good() | drawn) | values)
        sent = data.draw(st.just(json.dumps(body).encode()) | st.binary(max_size=40))
        headers = {"Session-Token": data.draw(st.sampled_from(self.tokens))}
        response = Client(raise_request_exception=True).generic(
            route.method,
            f"/{path}",
            sent,
            data.draw(st.sampled_from(["", "text/plain", "multipart/form-data"])),
            headers=headers,
        )
        assert response.status_code < 500 or response.status_code == 501
        assert not 300 <= response.status_code < 400
        if response.status_code >= 400:
            assert response.json()["error"]["msg"].strip()


def test_every_answer_of_the_protocol_is_its_own(db: None) -> None:
    """Also what lies outside: no page, no redirect, no problem document."""
    for path in ("/api/v0", "/api/v0/", "/api/v0/x/y/", "/api/private/x"):
        for method in ("GET", "POST", "TRACE"):
            response = Client().generic(method, path)
            assert response.status_code == 404
            assert response.json()["error"]["msg"]


def test_a_body_that_is_too_large_is_told(db: None, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    response = Client().post(
        "/auth/basic/login", {"email": "x" * 200, "password": "x"}, content_type="application/json"
    )
    assert response.status_code == 413
    assert "2.5 MB" in response.json()["error"]["msg"]


@pytest.mark.django_db
def test_an_error_of_ours_is_told_in_the_envelope_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("coderadmin.wire.endpoint.find_token", fail)
    response = Client(raise_request_exception=False).get("/api/v0/users/me", headers={"Session-Token": "cat_x"})
    assert response.status_code == 500
    assert "logged" in response.json()["error"]["msg"]
