"""Denied attempts: a row for each form or call that the policies refuse, at most a few a minute."""

import pytest
from django.test import Client

from audit.models import AuditEvent
from audit.services import Actor
from organizations.choices import TokenScope
from organizations.denials import MOST_A_MINUTE
from organizations.models import User
from organizations.services.tokens import create_token
from tests.factories import make_environment, make_provider
from tests.people import add_member, make_organization, make_user, signed_in

pytestmark = pytest.mark.django_db


def denied() -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(outcome="denied").order_by("id"))


def test_the_row_names_person_address_action_and_object(member: User) -> None:
    provider = make_provider(name="sydney")
    path = f"/manage/admin/workspace-providers/{provider.pk}/cordon/"
    assert signed_in(member).post(path, {"reason": "x"}, REMOTE_ADDR="203.0.113.9").status_code == 403
    (event,) = denied()
    assert (event.actor_name, event.address, event.action) == ("member@example.com", "203.0.113.9", "provider.cordon")
    assert (event.target_id, event.target_name) == (str(provider.pk), "sydney")
    assert event.after == {"method": "POST", "path": path}


def test_no_row_holds_what_was_sent(member: User) -> None:
    signed_in(member).post("/manage/users/new/?token=hidden-1", {"email": "hidden-2"})
    (event,) = denied()
    assert (event.action, event.target_name) == ("user.new", "")
    assert "hidden" not in str(list(AuditEvent.objects.values()))


def test_it_concerns_the_organization_of_its_object(auditor: User) -> None:
    organization = make_organization()
    signed_in(auditor).post(f"/manage/organizations/{organization.pk}/members/add/", {"email": "x@example.com"})
    assert [event.organization_id for event in denied()] == [str(organization.pk)]
    assert denied()[0].action == "organization.members_add"


def test_looking_is_no_attempt_and_a_stranger_meets_the_sign_in(member: User, client: Client) -> None:
    path = f"/manage/admin/workspace-providers/{make_provider().pk}/cordon/"
    assert signed_in(member).get(path).status_code == 403
    assert client.post(path).status_code == 302
    assert denied() == []


def test_what_is_not_there_for_a_person_is_no_attempt(member: User) -> None:
    assert signed_in(member).post(f"/environments/{make_environment().pk}/stop/").status_code == 404
    assert denied() == []


def test_a_flood_leaves_a_few_rows_for_each_person_and_action(member: User) -> None:
    provider, client, other = make_provider(), signed_in(member), signed_in(make_user())
    for _ in range(MOST_A_MINUTE + 3):
        client.post(f"/manage/admin/workspace-providers/{provider.pk}/cordon/")
    assert len(denied()) == MOST_A_MINUTE
    client.post(f"/manage/admin/workspace-providers/{provider.pk}/uncordon/")
    other.post(f"/manage/admin/workspace-providers/{provider.pk}/cordon/")
    assert len(denied()) == MOST_A_MINUTE + 2


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "once"}])
def test_the_api_tells_of_it_too(headers: dict[str, str], member: User) -> None:
    body = {"email": "new@example.com"}
    response = signed_in(member).post("/api/v1/users", body, content_type="application/json", headers=headers)
    assert response.status_code == 403, response.text
    (event,) = denied()
    assert (event.action, event.actor_name) == ("user.create", "member@example.com")
    assert "new@example.com" not in str(event.after)


def test_the_original_protocol_tells_of_it_too(member: User, client: Client) -> None:
    """With the right to read a provider and none to delete it."""
    organization = make_organization()
    add_member(organization, member)
    provider = make_provider(organizations=[organization])
    _, secret = create_token(actor=Actor(user=member), name="laptop", scopes=[TokenScope.WRITE])
    path = f"/api/private/resource-pools/{provider.pk}"
    response = client.delete(path, headers={"Session-Token": secret})
    assert response.status_code == 403, response.text
    assert [(event.actor_name, event.after["path"]) for event in denied()] == [(member.email, path)]
    assert (denied()[0].action, denied()[0].target_id) == ("provider.delete", str(provider.pk))
    assert denied()[0].token_name == "laptop"


def test_an_address_that_no_database_takes_is_denied_and_written_all_the_same(member: User) -> None:
    _, secret = create_token(actor=Actor(user=member), name="x", scopes=[TokenScope.WRITE])
    answer = Client().delete("/api/v0/users/%00", headers={"Session-Token": secret})
    assert answer.status_code == 403
    assert [event.after["path"] for event in denied()] == ["/api/v0/users/%00"]


def test_an_id_with_zeros_before_it_is_no_other_action(member: User) -> None:
    _, secret = create_token(actor=Actor(user=member), name="x", scopes=[TokenScope.WRITE])
    for zeros in range(2 * MOST_A_MINUTE):
        path = f"/api/v1/rollouts/{member.pk}/steps/{'0' * zeros}1/retry"
        assert Client().post(path, headers={"Session-Token": secret}).status_code == 403
    assert [event.action for event in denied()] == ["rollout.steps_retry"] * MOST_A_MINUTE
