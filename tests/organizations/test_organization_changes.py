"""Changing an organization, and moving the default."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError

from audit.models import AuditEvent
from audit.services import SYSTEM, Actor
from organizations import services
from organizations.choices import OrganizationRole
from organizations.errors import RefusedError
from organizations.models import Organization, User
from tests.organizations.threads import at_once
from tests.people import add_member, make_organization

pytestmark = pytest.mark.django_db


def update(organization: Organization, actor: Actor = SYSTEM, **changes: Any) -> Organization:
    return services.update_organization(actor=actor, organization=organization, changes=changes)


def test_what_differs_is_changed_and_written(site_manager: User) -> None:
    organization = make_organization(name="Platform", description="Runs it.", quota_gpus=2)
    wanted: dict[str, Any] = {
        "name": "  Platform   Team ", "description": "Runs it.", "quota_cpu_cores": Decimal("7.5"), "quota_gpus": None,
    }  # fmt: skip
    for _ in range(2):
        update(organization, Actor(user=site_manager), **wanted)
    organization.refresh_from_db()
    assert (organization.name, organization.quota_cpu_cores, organization.quota_gpus) == ("Platform Team", 7.5, None)
    event = AuditEvent.objects.get()
    assert event.before == {"name": "Platform", "quota_cpu_cores": None, "quota_gpus": 2}
    assert event.after == {"name": "Platform Team", "quota_cpu_cores": "7.5", "quota_gpus": None}


@pytest.mark.parametrize(
    "name", ["", "   ", "two\nlines", "nul\0", "\u200d", "a" * 65, "PLATFORM", "turned\u202eround"]
)
def test_a_name_that_is_taken_or_none_is_an_error_at_its_field(name: str) -> None:
    make_organization(name="Platform")
    organization = make_organization(name="Other")
    with pytest.raises(ValidationError) as error:
        update(organization, name=name)
    assert set(error.value.message_dict) <= {"name", "__all__"}
    organization.refresh_from_db()
    assert organization.name == "Other"
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize("name", ["Ünïcode", "研究", "می‌خواهم", "R&D <b>", "Equipe 🚀"])
def test_names_of_any_script_are_fine(name: str) -> None:
    assert update(make_organization(), name=name).name == name


def test_a_name_may_change_its_case() -> None:
    assert update(make_organization(name="platform"), name="Platform").name == "Platform"


LIMITS = {
    "quota_cpu_cores": (Decimal("0.25"), 128),
    "quota_memory_gb": (1, 256),
    "quota_disk_gb": (1, 8192),
    "quota_gpus": (0, 20),
    "auto_off_hours": (1, 8760),
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_lies_in_its_range_or_is_none(name: str) -> None:
    organization = make_organization()
    for value in (*LIMITS[name], None):
        assert getattr(update(organization, **{name: value}), name) == value
    low, high = LIMITS[name]
    for value in (low - Decimal("0.25") if name == "quota_cpu_cores" else low - 1, high + 1):
        with pytest.raises(ValidationError) as error:
            update(organization, **{name: value})
        assert error.value.message_dict.keys() <= {name, "__all__"}


@pytest.mark.parametrize("name", LIMITS)
def test_the_database_keeps_limits_in_their_range(name: str) -> None:
    organization = make_organization()
    with pytest.raises(IntegrityError, match="organization_limits_in_range"):
        Organization.objects.filter(pk=organization.pk).update(**{name: LIMITS[name][1] + 1})


def test_the_default_moves_and_is_written_once(site_manager: User) -> None:
    old, new = make_organization(name="Coder", is_default=True), make_organization(name="Platform")
    for _ in range(2):
        services.set_default_organization(actor=Actor(user=site_manager), organization=new)
    assert list(Organization.objects.filter(is_default=True)) == [new]
    assert (AuditEvent.objects.get().before, AuditEvent.objects.get().after) == (
        {"default": old.name},
        {"default": new.name},
    )


def test_the_default_can_not_be_unset_by_an_update() -> None:
    organization = make_organization(is_default=True)
    update(organization, is_default=False)
    organization.refresh_from_db()
    assert organization.is_default


@pytest.mark.parametrize("verb", [update, lambda organization, actor: services.set_default_organization(
    actor=actor, organization=organization)])  # fmt: skip
def test_its_own_manager_an_auditor_and_a_member_may_not(verb: Any, member: User, auditor: User) -> None:
    organization = make_organization()
    add_member(organization, member, OrganizationRole.MANAGER)
    for person in (member, auditor):
        with pytest.raises(PermissionDenied):
            verb(organization, Actor(user=person))


def test_an_organization_that_is_gone_is_a_refusal() -> None:
    gone = make_organization(name="Gone")
    Organization.objects.all().delete()
    with pytest.raises(RefusedError, match="Gone was deleted in the meantime"):
        update(gone, name="Here")
    with pytest.raises(RefusedError, match="Gone was deleted in the meantime"):
        services.set_default_organization(actor=SYSTEM, organization=gone)


@pytest.mark.django_db(transaction=True)
def test_of_many_who_move_the_default_at_once_all_succeed_one_after_another() -> None:
    make_organization(is_default=True)
    others = [make_organization() for _ in range(6)]
    refusals = at_once(*[lambda o=o: services.set_default_organization(actor=SYSTEM, organization=o) for o in others])
    assert not refusals
    assert Organization.objects.filter(is_default=True).count() == 1
    moves = AuditEvent.objects.order_by("id")
    assert [move.before["default"] for move in moves][1:] == [move.after["default"] for move in moves][:-1]
