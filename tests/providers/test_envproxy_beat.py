"""envproxy calls home."""

import json
import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import Actor
from organizations.models import User
from providers.choices import OperationState
from providers.models import ClusterCredential, EnvproxyToken, WorkspaceProvider
from providers.services import rotate_envproxy_token
from providers.tokens import digest_of, new_token
from tests.factories import make_operation, make_provider
from tests.people import signed_in

pytestmark = pytest.mark.django_db
PATH = "/api/envproxy/v1/beat"
BEAT = {"access_url": "https://coder.example.com"}
FORWARDED = "forwarded-service-account-token"


@pytest.fixture
def provider() -> WorkspaceProvider:
    return make_provider(name="sydney", credential_kind="enrolment", credential=False)


@pytest.fixture
def token(provider: WorkspaceProvider) -> str:
    token = str(new_token())
    EnvproxyToken.objects.create(provider=provider, digest=digest_of(token))
    return token


def beat(token: str, document: Any = BEAT, *, client: Client | None = None, scheme: str = "Bearer") -> Any:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    client = client or Client(enforce_csrf_checks=True)
    return client.post(PATH, body, content_type="application/json", headers={"Authorization": f"{scheme} {token}"})


def test_a_beat_is_noted_and_answered(provider: WorkspaceProvider, token: str, settings: Any) -> None:
    settings.ACCESS_URL = "https://coder.example.com"
    response = beat(token)
    assert response.status_code == 200
    assert response.json() == {
        "provider": "sydney",
        "access_url": "https://coder.example.com",
        "interval_seconds": 15,
    }
    provider.refresh_from_db()
    assert provider.last_beat_at
    assert provider.last_beat_access_url == "https://coder.example.com"
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("written", ["HTTPS://Coder.Example.com/", "https://coder.example.com:443"])
def test_the_access_url_is_compared_however_an_admin_wrote_it(
    provider: WorkspaceProvider, token: str, written: str
) -> None:
    assert beat(token, {"access_url": written}).status_code == 200
    provider.refresh_from_db()
    assert provider.last_beat_access_url == "https://coder.example.com"


def test_the_address_has_the_name_that_pages_use() -> None:
    assert reverse("providers:envproxy_beat") == PATH


def test_a_first_beat_with_a_credential_enrols(provider: WorkspaceProvider, token: str) -> None:
    document = BEAT | {"service_account_token": FORWARDED, "cluster_address": provider.cluster_address}
    assert beat(token, document).status_code == 200
    assert ClusterCredential.objects.get().target().token == FORWARDED


def test_an_enrolment_is_in_the_audit_log_by_the_name_of_its_provider(provider: WorkspaceProvider, token: str) -> None:
    for _ in range(2):
        beat(token, BEAT | {"service_account_token": FORWARDED})
    event = AuditEvent.objects.get(action="provider.enrol")
    assert (event.actor_name, event.target_name, event.target_id) == ("system", "sydney", str(provider.pk))
    assert event.after == {"credential": "******"}


def test_what_is_left_of_a_deleted_provider_does_not_speak_for_a_new_one(
    provider: WorkspaceProvider, token: str
) -> None:
    provider.delete()
    again = make_provider(
        name="sydney", cluster_address=provider.cluster_address, credential_kind="enrolment", credential=False
    )
    assert beat(token, BEAT | {"service_account_token": FORWARDED}).status_code == 401
    again.refresh_from_db()
    assert again.last_beat_at is None
    assert not ClusterCredential.objects.exists()


def test_the_scheme_is_read_without_regard_to_case(token: str) -> None:
    assert beat(token, scheme="bearer").status_code == 200


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic abc", "cap_123", "Bearer cap_unknown", "Bearer \xff"]
)
def test_without_a_valid_token_it_is_refused(header: str) -> None:
    headers = {"Authorization": header} if header else {}
    response = Client().post(PATH, json.dumps(BEAT), content_type="application/json", headers=headers)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert set(response.json()["error"]) == {"code", "msg"}


def test_the_old_token_goes_on_while_a_deploy_may_still_be_rolled_back(provider: WorkspaceProvider, token: str) -> None:
    newer = str(new_token())
    EnvproxyToken.objects.create(provider=provider, digest=digest_of(newer))
    operation = make_operation(provider, state=OperationState.RUNNING)
    assert [beat(newer).status_code, beat(token).status_code] == [200, 200]
    operation.state = OperationState.SUCCEEDED
    operation.save()
    assert [beat(newer).status_code, beat(token).status_code] == [200, 401]


@pytest.mark.django_db(transaction=True)
def test_beats_and_rotations_at_once_do_not_wait_for_each_other(
    provider: WorkspaceProvider, token: str, site_manager: User
) -> None:
    newer = str(new_token())
    EnvproxyToken.objects.create(provider=provider, digest=digest_of(newer))
    barrier, outcomes = threading.Barrier(3), []

    def at_once(work: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            for _ in range(10):
                outcomes.append(work())
        finally:
            connection.close()

    works = (
        lambda: beat(token).status_code,
        lambda: beat(newer).status_code,
        lambda: rotate_envproxy_token(actor=Actor(user=site_manager), provider=provider) and 200,
    )
    threads = [threading.Thread(target=at_once, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 30
    assert set(outcomes) <= {200, 401}


def test_an_expired_token_is_refused(provider: WorkspaceProvider, token: str) -> None:
    EnvproxyToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert beat(token).status_code == 401
    provider.refresh_from_db()
    assert provider.last_beat_at is None


def test_a_session_is_no_token(site_manager: User, provider: WorkspaceProvider) -> None:
    client = signed_in(site_manager)
    assert client.post(PATH, json.dumps(BEAT), content_type="application/json").status_code == 401


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'"text"', b"[" * 5000])
def test_what_is_no_json_object_is_refused(token: str, body: bytes) -> None:
    response = beat(token, body)
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "not_json"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("access_url", None),
        ("access_url", 5),
        ("access_url", ["https://coder.example.com"]),
        ("access_url", ""),
        ("access_url", "javascript:alert(1)"),
        ("access_url", "https://" + "x" * 300),
        ("access_url", "https://[::1"),
        ("access_url", "https://a\x00b"),
        ("access_url", "https://\ud800"),
        ("cluster_address", "http://203.0.113.7"),
        ("namespace", "Not a label"),
        ("service_account_token", "two words"),
        ("service_account_token", True),
        ("ca_pem", "not a certificate"),
    ],
)
def test_a_bad_value_is_refused_by_its_name(provider: WorkspaceProvider, token: str, field: str, value: Any) -> None:
    response = beat(token, BEAT | {field: value})
    assert response.status_code == 422
    assert response.json()["error"]["field"] == field
    provider.refresh_from_db()
    assert provider.last_beat_at is None


def test_a_beat_from_another_cluster_does_not_enrol(token: str) -> None:
    document = BEAT | {"service_account_token": FORWARDED, "cluster_address": "https://evil.example.com"}
    response = beat(token, document)
    assert (response.status_code, response.json()["error"]["field"]) == (422, "cluster_address")
    assert not ClusterCredential.objects.exists()


def test_what_a_newer_envproxy_adds_is_passed_over(token: str) -> None:
    assert beat(token, BEAT | {"mood": ["fine"]}).status_code == 200


def test_a_body_beyond_the_limit_is_refused(token: str) -> None:
    response = beat(token, BEAT | {"more": "x" * 70_000})
    assert response.status_code == 413


@pytest.mark.parametrize("method", ["get", "put", "delete", "head"])
def test_it_is_posted_only(method: str) -> None:
    assert getattr(Client(), method)(PATH).status_code == 405


def test_no_token_is_logged(token: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    beat(token, BEAT | {"service_account_token": FORWARDED})
    beat("cap_wrong")
    beat(token, b"{")
    assert token not in caplog.text
    assert FORWARDED not in caplog.text
    assert "cap_wrong" not in caplog.text


def test_a_beat_replaces_a_credential_that_can_not_be_read_any_more(
    provider: WorkspaceProvider, token: str, settings: Any
) -> None:
    document = BEAT | {"service_account_token": FORWARDED}
    beat(token, document)
    settings.ENCRYPTION_KEYS = ["another key"]
    assert beat(token, document).status_code == 200
    assert ClusterCredential.objects.get().target().token == FORWARDED
