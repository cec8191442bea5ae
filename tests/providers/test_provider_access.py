"""Who may open which page of the actions, and how: one table for all of them."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from organizations.models import User
from providers.models import Operation, WorkspaceProvider
from tests.factories import CLIENT_KEY, CLUSTER_TOKEN, make_operation, make_provider
from tests.people import signed_in

ASKED_FIRST = [
    "provider_update",
    "provider_preflight",
    "provider_deploy",
    "provider_set_default",
    "provider_cordon",
    "provider_uncordon",
    "provider_rotate_token",
    "provider_revoke_tokens",
    "provider_command",
    "provider_delete",
    "provider_delete_anyway",
]
POSTED_ONLY = ["provider_check"]
ALL = [*ASKED_FIRST, *POSTED_ONLY, "provider_create", "operation_cancel"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider() -> WorkspaceProvider:
    return make_provider(name="sydney", status="error", reason="connection_refused")


@pytest.fixture
def operation(provider: WorkspaceProvider) -> Operation:
    return make_operation(provider, state="running")


def address(name: str, provider: WorkspaceProvider, operation: Operation) -> str:
    if name == "provider_create":
        return reverse("providers:provider_create")
    target = operation if name.startswith("operation_") else provider
    return reverse(f"providers:{name}", args=[target.pk])


def make_possible(name: str) -> None:
    """Nothing forbids the action now."""
    Operation.objects.update(state="failed")
    if name == "provider_uncordon":
        WorkspaceProvider.objects.update(cordoned_at=timezone.now(), cordon_reason="upgrade")
    if name == "provider_set_default":
        WorkspaceProvider.objects.update(status="ready", reason="")


@pytest.mark.parametrize("name", ALL)
def test_an_anonymous_person_signs_in_first(
    name: str, client: Client, provider: WorkspaceProvider, operation: Operation
) -> None:
    path = address(name, provider, operation)
    response = client.post(path)
    assert response.status_code == 302
    assert response["Location"].startswith(f"{reverse('organizations:sign_in')}?next=")


@pytest.mark.parametrize("role", ["member", "auditor"])
@pytest.mark.parametrize("name", ALL)
def test_nobody_but_managers_may_change_anything(
    name: str, role: str, request: pytest.FixtureRequest, provider: WorkspaceProvider, operation: Operation
) -> None:
    client = signed_in(request.getfixturevalue(role))
    assert client.post(address(name, provider, operation), {"reason": "mine"}).status_code == 403
    events = AuditEvent.objects.exclude(action="user.sign_in")
    assert list(events.values_list("outcome", flat=True)) == ["denied"]
    assert list(Operation.objects.all()) == [operation]


@pytest.mark.parametrize("role", ["member", "auditor"])
@pytest.mark.parametrize("name", [*ASKED_FIRST, "provider_create"])
def test_nobody_but_managers_is_asked(
    name: str, role: str, request: pytest.FixtureRequest, provider: WorkspaceProvider, operation: Operation
) -> None:
    client = signed_in(request.getfixturevalue(role))
    assert client.get(address(name, provider, operation)).status_code == 403


@pytest.mark.parametrize("name", ASKED_FIRST)
def test_a_get_asks_and_changes_nothing(
    name: str, site_manager: User, provider: WorkspaceProvider, operation: Operation
) -> None:
    client = signed_in(site_manager)
    make_possible(name)
    before, rows = AuditEvent.objects.count(), WorkspaceProvider.objects.values()
    stored = list(rows)
    response = client.get(address(name, provider, operation))
    assert response.status_code == 200
    assert 'method="post"' in response.content.decode()
    assert AuditEvent.objects.count() == before
    assert list(rows.all()) == stored
    assert not provider.envproxy_tokens.exists()


@pytest.mark.parametrize("name", ASKED_FIRST)
def test_no_page_shows_the_cluster_credential(
    name: str, site_manager: User, provider: WorkspaceProvider, operation: Operation
) -> None:
    make_possible(name)
    page = signed_in(site_manager).get(address(name, provider, operation)).content.decode()
    assert CLUSTER_TOKEN not in page
    assert CLIENT_KEY not in page


@pytest.mark.parametrize("name", [*POSTED_ONLY, "operation_cancel"])
def test_a_get_of_what_asks_nothing_only_leads_to_its_page(
    name: str, site_manager: User, provider: WorkspaceProvider, operation: Operation
) -> None:
    """Whoever had to sign in again comes back by GET, and finds a page."""
    client, path = signed_in(site_manager), address(name, provider, operation)
    before = AuditEvent.objects.count()
    assert client.get(path)["Location"] == path.removesuffix("check/").removesuffix("cancel/")
    assert AuditEvent.objects.count() == before
    operation.refresh_from_db()
    assert not operation.cancel_requested


@pytest.mark.parametrize("name", ALL)
def test_other_verbs_are_refused(
    name: str, site_manager: User, provider: WorkspaceProvider, operation: Operation
) -> None:
    assert signed_in(site_manager).delete(address(name, provider, operation)).status_code == 405


@pytest.mark.parametrize("name", ALL)
def test_a_form_of_another_site_is_refused(
    name: str, site_manager: User, provider: WorkspaceProvider, operation: Operation
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(site_manager, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(address(name, provider, operation), {"reason": "x"}).status_code == 403


@pytest.mark.parametrize("name", [*ASKED_FIRST, *POSTED_ONLY])
def test_an_unknown_provider_is_not_found(name: str, site_manager: User, operation: Operation) -> None:
    path = reverse(f"providers:{name}", args=["00000000-0000-4000-8000-000000000000"])
    assert signed_in(site_manager).post(path).status_code == 404
