"""Who may open which page of the infrastructure, and do what there: one table for all of them."""

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from audit.services import Actor
from infrastructure import services
from infrastructure.choices import StepState
from infrastructure.models import AccessURLChange, Rollout, RolloutStep
from organizations.choices import OrganizationRole
from organizations.models import User
from tests.factories import make_provider
from tests.infrastructure.rollouts import checked_change
from tests.people import add_member, make_organization, make_user, signed_in

pytestmark = pytest.mark.django_db

READ = ["overview", "change_detail", "rollout_detail", "upgrade_board"]
ASKED_FIRST = [
    "change_switch",
    "change_finish",
    "change_roll_back",
    "change_drop",
    "rollout_call_off",
    "step_skip",
    "upgrade_start",
]
POSTED_ONLY = ["change_check", "rollout_pause", "rollout_resume", "rollout_retry", "step_retry"]
ACTIONS = [*ASKED_FIRST, *POSTED_ONLY, "change_create"]
OUTSIDERS = ["member", "organization_member", "organization_manager", "support_person"]


@pytest.fixture
def organization_member(db: None) -> User:
    user = make_user()
    add_member(make_organization(), user)
    return user


@pytest.fixture
def organization_manager(db: None) -> User:
    user = make_user()
    add_member(make_organization(), user, OrganizationRole.MANAGER)
    return user


@pytest.fixture
def change() -> AccessURLChange:
    return checked_change()


@pytest.fixture
def step(site_manager: User) -> RolloutStep:
    """The failed one of an upgrade of two."""
    providers = [make_provider(name=name).pk for name in ("sydney", "tokyo")]
    rollout = services.start_upgrade(actor=Actor(user=site_manager), providers=providers)
    step = rollout.steps.get(provider_name="sydney")
    step.state, step.failure = StepState.FAILED, "The image can't be pulled."
    step.save()
    return step


def address(name: str, change: AccessURLChange, step: RolloutStep) -> str:
    match name.split("_")[0]:
        case "step":
            return reverse(f"infrastructure:{name}", args=[step.rollout_id, step.pk])
        case "rollout":
            return reverse(f"infrastructure:{name}", args=[step.rollout_id])
        case "change" if name != "change_create":
            return reverse(f"infrastructure:{name}", args=[change.pk])
    return reverse(f"infrastructure:{name}")


@pytest.mark.parametrize("name", [*READ, *ACTIONS])
def test_an_anonymous_person_signs_in_first(
    name: str, client: Client, change: AccessURLChange, step: RolloutStep
) -> None:
    response = client.get(address(name, change, step))
    assert response["Location"].startswith(f"{reverse('organizations:sign_in')}?next=")


@pytest.mark.parametrize("role", ["site_admin", "site_manager", "auditor"])
@pytest.mark.parametrize("name", READ)
def test_managers_and_auditors_read(
    name: str, role: str, request: pytest.FixtureRequest, change: AccessURLChange, step: RolloutStep
) -> None:
    assert signed_in(request.getfixturevalue(role)).get(address(name, change, step)).status_code == 200


@pytest.mark.parametrize("name", READ)
def test_auditors_find_no_buttons(name: str, auditor: User, change: AccessURLChange, step: RolloutStep) -> None:
    main = signed_in(auditor).get(address(name, change, step)).content.decode().partition("<main")[2]
    assert "<button" not in main.replace(" data-copy=", "")
    for action in ACTIONS:
        assert address(action, change, step) not in main


@pytest.mark.parametrize("role", OUTSIDERS)
@pytest.mark.parametrize("name", [*READ, *ACTIONS])
def test_everybody_else_is_refused(
    name: str, role: str, request: pytest.FixtureRequest, change: AccessURLChange, step: RolloutStep
) -> None:
    client, path = signed_in(request.getfixturevalue(role)), address(name, change, step)
    assert client.get(path).status_code == 403
    assert name in READ or client.post(path).status_code == 403


@pytest.mark.parametrize("name", ACTIONS)
def test_auditors_change_nothing(name: str, auditor: User, change: AccessURLChange, step: RolloutStep) -> None:
    client = signed_in(auditor)
    done = AuditEvent.objects.exclude(outcome=AuditEvent.Outcome.DENIED)
    before = done.count()
    sent = {"reason": "mine", "new_url": "https://mine.example.com", "failure_limit": "1"}
    assert client.post(address(name, change, step), sent).status_code == 403
    assert done.count() == before


@pytest.mark.parametrize("role", ["site_admin", "site_manager"])
@pytest.mark.parametrize("name", [*ACTIONS])
def test_a_get_by_those_who_may_changes_nothing(
    name: str, role: str, request: pytest.FixtureRequest, change: AccessURLChange, step: RolloutStep
) -> None:
    client = signed_in(request.getfixturevalue(role))
    rows = (AccessURLChange.objects.values(), Rollout.objects.values(), RolloutStep.objects.values())
    stored, before = [list(each) for each in rows], AuditEvent.objects.count()
    assert client.get(address(name, change, step), follow=True).status_code == 200
    assert [list(each.all()) for each in rows] == stored
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize("name", READ)
def test_pages_are_read_with_get_only(
    name: str, site_manager: User, change: AccessURLChange, step: RolloutStep
) -> None:
    assert signed_in(site_manager).post(address(name, change, step)).status_code == 405


@pytest.mark.parametrize("name", ACTIONS)
def test_a_form_of_another_site_is_refused(
    name: str, site_manager: User, change: AccessURLChange, step: RolloutStep
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(site_manager, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(address(name, change, step)).status_code == 403


@pytest.mark.parametrize("name", ["change_detail", "change_switch", "change_check", "rollout_detail", "rollout_pause"])
def test_what_does_not_exist_is_not_found(name: str, site_manager: User) -> None:
    path = reverse(f"infrastructure:{name}", args=["00000000-0000-4000-8000-000000000000"])
    client = signed_in(site_manager)
    assert (client.get(path) if name in READ else client.post(path)).status_code == 404


@pytest.mark.parametrize("number", [0, 10**30])
def test_a_step_of_no_rollout_is_not_found(number: int, site_manager: User, step: RolloutStep) -> None:
    for name in ("step_retry", "step_skip"):
        path = reverse(f"infrastructure:{name}", args=[step.rollout_id, number])
        assert signed_in(site_manager).post(path, {"reason": "x"}).status_code == 404


@pytest.mark.parametrize(
    ("role", "start", "sees"),
    [
        ("site_manager", "providers:provider_list", True),
        ("auditor", "providers:provider_list", True),
        ("organization_manager", "organizations:organization_list", False),
    ],
)
def test_the_navigation_leads_there_for_those_who_may(
    role: str, start: str, sees: bool, request: pytest.FixtureRequest
) -> None:
    page = signed_in(request.getfixturevalue(role)).get(reverse(start)).content.decode()
    assert 'aria-label="Manage"' in page
    assert (reverse("infrastructure:overview") in page) == sees
