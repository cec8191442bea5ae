"""Every operation of the schema and everybody who may call, as one table: an operation that is not in it fails."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from audit.models import AuditEvent
from coderadmin.api.site import api
from organizations.choices import SiteRole
from organizations.models import ApiToken, User
from tests.api.things import Program
from tests.headers import missing_headers
from tests.people import make_user
from tests.world import World, make_people, make_world, tells

pytestmark = pytest.mark.django_db
ROLES = (
    "member", "auditor", "organization_member", "member_elsewhere", "organization_manager", "manager_elsewhere",
    "site_manager", "site_admin", "support",
)  # fmt: skip
MEANING = {"+": {200, 201, 202, 204, 409}, "3": {403}, "4": {404}, "i": {422}}
EVERYBODY = "+++++++++"
#    member auditor; of the organization: member, member of another, manager, manager of another; site: ++, support
SITE_MANAGERS = "333333++3"
SITE_ADMIN = "3333333+3"
SITE_READERS = "3+3333++3"
PROVIDER_USERS = "4++4+4++4"
PROVIDER_READERS = "4+3434++4"
PROVIDER_MANAGERS = "433434++4"
ORGANIZATION_MEMBERS = "44+4+4++4"
ORGANIZATION_MANAGERS = "4434+4++4"
ORGANIZATION_OWNERS = "443434++4"
ENVIRONMENT_MANAGERS = "4444+4++4"
OWN_ORGANIZATIONS = "ii+i+i++i"
NOBODY_ELSE = "444444444"
TABLE = {
    "get_me": EVERYBODY,
    "list_tokens": EVERYBODY,
    "create_api_token": EVERYBODY,
    "end_api_token": NOBODY_ELSE,
    "list_sessions": EVERYBODY,
    "end_session": NOBODY_ELSE,
    "end_sessions": EVERYBODY,
    "list_second_factors": EVERYBODY,
    "rename_second_factor": NOBODY_ELSE,
    "list_user_second_factors": SITE_MANAGERS,
    "reset_second_factors": SITE_MANAGERS,
    "get_second_factor_demand": SITE_READERS,
    "put_second_factor_demand": SITE_ADMIN,
    "list_users": SITE_READERS,
    "create_user": SITE_MANAGERS,
    "get_user": SITE_MANAGERS,
    "update_user": SITE_MANAGERS,
    "deactivate_user": SITE_MANAGERS,
    "activate_user": SITE_MANAGERS,
    "reset_password": SITE_MANAGERS,
    "invite_user": SITE_MANAGERS,
    "list_user_sessions": SITE_MANAGERS,
    "end_user_session": SITE_MANAGERS,
    "end_user_sessions": SITE_MANAGERS,
    "unlink_user": SITE_MANAGERS,
    "unlink_account": EVERYBODY,
    "get_authentication": SITE_READERS,
    "update_authentication": SITE_ADMIN,
    "update_openid_connect": "3333333i3",
    "list_user_tokens": SITE_ADMIN,
    "end_user_token": SITE_ADMIN,
    "list_audit_events": SITE_READERS,
    "list_organizations": EVERYBODY,
    "create_organization": SITE_MANAGERS,
    "get_organization": ORGANIZATION_MEMBERS,
    "update_organization": ORGANIZATION_OWNERS,
    "set_default_organization": ORGANIZATION_OWNERS,
    "get_organization_impact": ORGANIZATION_OWNERS,
    "delete_organization": ORGANIZATION_OWNERS,
    "list_members": ORGANIZATION_MANAGERS,
    "add_member": ORGANIZATION_MANAGERS,
    "set_member_role": ORGANIZATION_MANAGERS,
    "remove_member": ORGANIZATION_MANAGERS,
    "list_organization_providers": ORGANIZATION_MANAGERS,
    "list_providers": EVERYBODY,
    "register_provider": SITE_MANAGERS,
    "get_provider": PROVIDER_USERS,
    "update_provider": PROVIDER_MANAGERS,
    "delete_provider": PROVIDER_MANAGERS,
    "preflight_provider": PROVIDER_MANAGERS,
    "deploy_provider": PROVIDER_MANAGERS,
    "check_provider": PROVIDER_MANAGERS,
    "set_default_provider": PROVIDER_MANAGERS,
    "cordon_provider": PROVIDER_MANAGERS,
    "uncordon_provider": PROVIDER_MANAGERS,
    "get_provider_impact": PROVIDER_READERS,
    "list_envproxy_tokens": PROVIDER_MANAGERS,
    "rotate_envproxy_token": PROVIDER_MANAGERS,
    "revoke_envproxy_tokens": PROVIDER_MANAGERS,
    "revoke_envproxy_token": PROVIDER_MANAGERS,
    "get_helm_command": PROVIDER_MANAGERS,
    "get_timeline": PROVIDER_READERS,
    "get_availability": PROVIDER_READERS,
    "get_allowlist": PROVIDER_READERS,
    "put_allowlist": PROVIDER_MANAGERS,
    "get_access_matrix": SITE_READERS,
    "list_access_entries": SITE_READERS,
    "change_access": SITE_MANAGERS,
    "ask_why": "i++i+i++i",
    "list_operations": SITE_READERS,
    "get_operation": SITE_READERS,
    "get_operation_log": SITE_READERS,
    "cancel_operation": SITE_MANAGERS,
    "list_environments": EVERYBODY,
    "create_environment": OWN_ORGANIZATIONS,
    "get_environment": ENVIRONMENT_MANAGERS,
    "start_environment": ENVIRONMENT_MANAGERS,
    "stop_environment": ENVIRONMENT_MANAGERS,
    "rebuild_environment": ENVIRONMENT_MANAGERS,
    "postpone_environment": ENVIRONMENT_MANAGERS,
    "delete_environment": ENVIRONMENT_MANAGERS,
    "list_environment_operations": ENVIRONMENT_MANAGERS,
    "get_environment_operation": ENVIRONMENT_MANAGERS,
    "get_environment_log": ENVIRONMENT_MANAGERS,
    "cancel_environment_operation": ENVIRONMENT_MANAGERS,
    "get_access_url": SITE_READERS,
    "list_access_url_use": SITE_READERS,
    "list_access_url_changes": SITE_READERS,
    "plan_access_url_change": SITE_MANAGERS,
    "get_access_url_change": SITE_READERS,
    "get_access_url_impact": SITE_READERS,
    "check_access_url_change": SITE_MANAGERS,
    "switch_access_url": SITE_MANAGERS,
    "finish_access_url_change": SITE_MANAGERS,
    "roll_back_access_url": SITE_MANAGERS,
    "drop_access_url_change": SITE_MANAGERS,
    "list_upgrades": SITE_READERS,
    "get_upgrade_impact": SITE_READERS,
    "start_upgrade": SITE_MANAGERS,
    "list_rollouts": SITE_READERS,
    "get_rollout": SITE_READERS,
    "pause_rollout": SITE_MANAGERS,
    "resume_rollout": SITE_MANAGERS,
    "retry_rollout": SITE_MANAGERS,
    "call_off_rollout": SITE_MANAGERS,
    "retry_rollout_step": SITE_MANAGERS,
    "skip_rollout_step": SITE_MANAGERS,
}
SO_ALREADY = {
    "activate_user", "add_member", "change_access", "put_allowlist", "reset_second_factors", "resume_rollout",
    "retry_rollout", "retry_rollout_step", "start_environment", "uncordon_provider", "unlink_account", "unlink_user",
    "update_authentication",
}  # fmt: skip
"""What they ask for is so in `make_world()`: nothing changes."""
OPERATIONS = {
    operation["operationId"]: (method.upper(), path)
    for path, methods in api.get_openapi_schema(path_prefix="")["paths"].items()
    for method, operation in methods.items()
    if operation["operationId"] != "get_version"
}


def ids_of(template: str, world: World) -> dict[str, Any]:
    """What the parameters of a path stand for."""
    return {
        "organization_id": world.organization.pk,
        "provider_id": world.provider.pk,
        "environment_id": world.environment.pk,
        "operation_id": world.work.pk if template.startswith("/environment-") else world.operation.pk,
        "user_id": world.owner.pk,
        "token_id": world.envproxy_token.pk if template.startswith("/providers") else world.token.pk,
        "session_id": world.session.pk,
        "factor_id": 1,
        "change_id": world.step.rollout.change_id,
        "rollout_id": world.step.rollout_id,
        "step_id": world.step.pk,
    }


def path_of(template: str, world: World) -> str:
    query = {
        "/access-url/changes/{change_id}/impact": "?of=switch",
        "/providers/{provider_id}/impact": "?of=cordon",
        "/why": f"?organization={world.organization.pk}&provider={world.provider.pk}",
    }
    return template.format(**ids_of(template, world)) + query.get(template, "")


def body_of(name: str, world: World) -> Any:
    pair = {"organization": str(world.organization.pk), "provider": str(world.provider.pk)}
    return {
        "create_api_token": {"name": "another", "scopes": ["read"]},
        "create_user": {"email": "new@example.com"},
        "update_user": {"site_role": "site-auditor", "organizations": [pair["organization"]]},
        "update_authentication": {"built_in": True},
        "rename_second_factor": {"name": "phone"},
        "put_second_factor_demand": {"site_roles": ["site-manager"]},
        "update_openid_connect": {"scopes": "openid"},
        "create_organization": {"name": "new"},
        "update_organization": {"description": "new"},
        "add_member": {"email": world.owner.email},
        "set_member_role": {"role": "organization-manager"},
        "register_provider": {
            "name": "new",
            "way": "enrolment",
            "cluster_address": "https://203.0.113.9",
            "namespace": "coder",
        },
        "update_provider": {"storage_class": "fast"},
        "cordon_provider": {"reason": "upgrade"},
        "put_allowlist": {"organizations": [{"organization": pair["organization"], "access": "open"}]},
        "change_access": {"changes": [pair | {"access": "open"}]},
        "create_environment": pair | {"name": "new", "image": "codercom/enterprise-base"},
        "rebuild_environment": {"tag": "next"},
        "plan_access_url_change": {"new_url": "https://new.example.com"},
        "skip_rollout_step": {"reason": "its cluster is away"},
        "switch_access_url": {},
        "start_upgrade": {},
    }.get(name)


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def people(world: World) -> dict[str, User]:
    return make_people(world)


def test_the_table_holds_every_operation_and_no_other() -> None:
    assert OPERATIONS.keys() == TABLE.keys()


@pytest.mark.parametrize("name", TABLE)
def test_everybody_may_do_what_the_table_says(name: str, world: World, people: dict[str, User]) -> None:
    method, template = OPERATIONS[name]
    programs = {role: Program(people[role]) for role in ROLES}
    for role, letter in zip(ROLES, TABLE[name], strict=True):
        before = AuditEvent.objects.count()
        with transaction.atomic():
            answer = programs[role].call(method, path_of(template, world), body_of(name, world))
            written = AuditEvent.objects.exclude(outcome=AuditEvent.Outcome.DENIED).count() - before
            transaction.set_rollback(True)
        assert answer.status_code in MEANING[letter], (role, answer.status_code, answer.text)
        assert not [secret for secret in world.secrets() if secret in answer.text], role
        assert not missing_headers(answer.headers), role
        if letter in "34":
            assert not tells(answer.text), role
            assert not written, role


def test_nobody_comes_in_without_a_live_token(world: World) -> None:
    programs = [Program(), *(Program(make_user(SiteRole.MANAGER)) for _ in range(3))]
    expired, ended, deactivated = ApiToken.objects.filter(user__site_role=SiteRole.MANAGER)
    ApiToken.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    ended.delete()
    User.objects.filter(pk=deactivated.user_id).update(is_active=False)
    for name, (method, template) in OPERATIONS.items():
        for program in programs:
            answer = program.call(method, path_of(template, world), body_of(name, world))
            assert answer.status_code == 401, (name, answer.text)
            assert answer["WWW-Authenticate"].startswith("Bearer")
            assert not tells(answer.text), name


def test_no_read_writes_anything(world: World, people: dict[str, User]) -> None:
    program = Program(people["site_admin"])
    before = AuditEvent.objects.count()
    for method, template in OPERATIONS.values():
        if method == "GET":
            assert program.get(path_of(template, world)).status_code in MEANING["+"] | MEANING["4"], template
    assert AuditEvent.objects.count() == before


def test_every_change_is_in_the_audit_log(world: World, people: dict[str, User]) -> None:
    program, unwritten = Program(people["site_admin"]), set()
    for name, (method, template) in OPERATIONS.items():
        if method == "GET":
            continue
        before = AuditEvent.objects.count()
        with transaction.atomic():
            answer = program.call(method, path_of(template, world), body_of(name, world))
            if answer.status_code < 300 and AuditEvent.objects.count() == before:
                unwritten.add(name)
            transaction.set_rollback(True)
    assert unwritten == SO_ALREADY


def test_what_does_not_exist_reads_like_what_is_not_yours(world: World, people: dict[str, User]) -> None:
    program = Program(people["member_elsewhere"])
    for template in ("/providers/{}", "/organizations/{}", "/environments/{}"):
        kind = template.strip("/{}").removesuffix("s")
        hidden = program.get(template.format(getattr(world, kind).pk))
        missing = program.get(template.format("00000000-0000-4000-8000-000000000000"))
        assert (hidden.status_code, hidden.json()) == (missing.status_code, missing.json())
