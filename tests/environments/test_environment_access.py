"""Who may open which page of environments, and do what there: one table for all roles."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from environments.models import Environment, EnvironmentOperation
from organizations.choices import OrganizationRole, SiteRole
from organizations.models import Organization, User
from tests.environments.things import make_member, make_work
from tests.factories import make_environment
from tests.people import make_organization, make_user, signed_in

pytestmark = pytest.mark.django_db

ENVIRONMENT_PAGES = ["environment_detail", "environment_rebuild", "environment_delete"]
POSTED = ["environment_start", "environment_stop", "environment_postpone", "operation_cancel"]
OF_ONE = [*ENVIRONMENT_PAGES, *POSTED, "environment_delete_anyway", "operation_detail"]
FOR_ALL = ["environment_list", "environment_create", "environment_form", "environment_chips", "people", "why"]
READ_ONLY = ["environment_list", "environment_chips", "environment_detail", "operation_detail", "people", "why"]


@pytest.fixture
def organization() -> Organization:
    return make_organization(name="Data Science", auto_off_hours=8)


@pytest.fixture
def environment(organization: Organization) -> Environment:
    return make_environment(
        owner=make_member(organization, email="ada@example.com"), organization=organization, name="secret-work"
    )


@pytest.fixture
def operation(environment: Environment) -> EnvironmentOperation:
    return make_work(environment, lines=["Building."])


PEOPLE: dict[str, Callable[[Organization], User]] = {
    "site admin": lambda organization: make_user(SiteRole.ADMIN),
    "site manager": lambda organization: make_user(SiteRole.MANAGER),
    "organization manager": lambda organization: make_member(organization, OrganizationRole.MANAGER),
    "owner": lambda organization: User.objects.get(email="ada@example.com"),
    "auditor": lambda organization: make_user(SiteRole.AUDITOR),
    "auditor who is a member": lambda organization: make_member(organization, site_role=SiteRole.AUDITOR),
    "organization member": make_member,
    "member of nothing": lambda organization: make_user(),
    "manager of another organization": lambda organization: make_member(make_organization(), OrganizationRole.MANAGER),
}
ALLOWED = ["site admin", "site manager", "organization manager", "owner"]
STRANGERS = [who for who in PEOPLE if who not in ALLOWED]


def address(name: str, operation: EnvironmentOperation) -> str:
    if name in FOR_ALL:
        return reverse(f"environments:{name}")
    target = operation if name.startswith("operation_") else operation.environment
    return reverse(f"environments:{name}", args=[target.pk])


@pytest.mark.parametrize("name", [*OF_ONE, *FOR_ALL])
def test_an_anonymous_person_signs_in_first(name: str, client: Client, operation: EnvironmentOperation) -> None:
    for answer in (client.get(address(name, operation)), client.post(address(name, operation))):
        assert answer.status_code == 302
        assert answer["Location"].startswith(f"{reverse('organizations:sign_in')}?next=")


@pytest.mark.parametrize("who", STRANGERS)
@pytest.mark.parametrize("name", OF_ONE)
def test_to_a_stranger_it_is_not_there(
    name: str, who: str, organization: Organization, operation: EnvironmentOperation
) -> None:
    client = signed_in(PEOPLE[who](organization))
    before = AuditEvent.objects.count()
    answers = [client.get(address(name, operation))]
    if name not in READ_ONLY:
        answers.append(client.post(address(name, operation), {"confirmation": "secret-work"}))
    assert {answer.status_code for answer in answers} == {404}
    assert not any("secret-work" in answer.text for answer in answers)
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize("who", STRANGERS)
def test_a_fragment_tells_a_stranger_nothing(
    who: str, organization: Organization, operation: EnvironmentOperation
) -> None:
    client = signed_in(PEOPLE[who](organization))
    for name in ("environment_detail", "operation_detail"):
        answer = client.get(address(name, operation), headers={"HX-Request": "true"})
        assert answer["HX-Redirect"] == reverse("environments:environment_list")
        assert answer.content == b""
    chips = client.get(address("environment_chips", operation), {"ids": str(operation.environment_id)})
    assert "Building" not in chips.text


@pytest.mark.parametrize("who", ALLOWED)
@pytest.mark.parametrize("name", [*ENVIRONMENT_PAGES, "operation_detail"])
def test_those_who_may_act_on_it_see_it(
    name: str, who: str, organization: Organization, operation: EnvironmentOperation
) -> None:
    answer = signed_in(PEOPLE[who](organization)).get(address(name, operation))
    assert answer.status_code == 200
    assert "secret-work" in answer.text


@pytest.mark.parametrize("who", ALLOWED)
def test_those_who_may_act_on_it_act(who: str, organization: Organization, environment: Environment) -> None:
    person = PEOPLE[who](organization)
    client = signed_in(person)
    for verb in ("postpone", "stop"):
        client.post(reverse(f"environments:environment_{verb}", args=[environment.pk]))
        assert AuditEvent.objects.get(action=f"environment.{verb}").actor_name == person.email


@pytest.mark.parametrize(
    ("who", "status"), [("site manager", 200), ("site admin", 200), ("organization manager", 403), ("owner", 403)]
)
def test_only_site_managers_are_asked_whether_to_leave_objects_behind(
    who: str, status: int, organization: Organization, environment: Environment
) -> None:
    environment.provider.status, environment.provider.reason = "error", "connection_refused"
    environment.provider.save()
    path = reverse("environments:environment_delete_anyway", args=[environment.pk])
    client = signed_in(PEOPLE[who](organization))
    assert client.get(path).status_code == status
    link = f'href="{path}"' in client.get(reverse("environments:environment_detail", args=[environment.pk])).text
    assert link is (status == 200)


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("name", ["environment_list", "environment_create", "why", "people"])
def test_the_pages_for_everybody_answer_everybody(
    name: str, who: str, organization: Organization, operation: EnvironmentOperation
) -> None:
    assert signed_in(PEOPLE[who](organization)).get(address(name, operation)).status_code == 200


@pytest.mark.parametrize("name", POSTED)
def test_a_get_changes_nothing_and_leads_to_the_environment(
    name: str, site_manager: User, operation: EnvironmentOperation
) -> None:
    client = signed_in(site_manager)
    before = AuditEvent.objects.count()
    answer = client.get(address(name, operation))
    assert answer["Location"] == reverse("environments:environment_detail", args=[operation.environment_id])
    assert AuditEvent.objects.count() == before
    operation.refresh_from_db()
    assert not operation.cancel_requested


@pytest.mark.parametrize("name", [*OF_ONE, *FOR_ALL])
def test_a_wrong_verb_is_refused(name: str, site_manager: User, operation: EnvironmentOperation) -> None:
    client = signed_in(site_manager)
    assert client.delete(address(name, operation)).status_code == 405
    if name in READ_ONLY:
        assert client.post(address(name, operation)).status_code == 405
