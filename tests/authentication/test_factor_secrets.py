"""Secrets of second factors: rotated with the others; the way out on the server; and what programs may do."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from click.testing import CliRunner

from audit.models import AuditEvent
from authentication.factors import FactorDemand
from authentication.services import make_recovery_codes, use_code
from coderadmin import cli
from organizations.models import User
from tests.api.things import Program
from tests.authentication.things import code_of, give_app, own

OLD, NEW = "old" * 20, "new" * 20


def run(*arguments: str) -> str:
    result = CliRunner().invoke(cli.main, arguments)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.django_db(transaction=True)
def test_a_rotation_of_keys_takes_them_along(settings: Any, member: User) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    give_app(member)
    codes = make_recovery_codes(actor=own(member), user=member)
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert "Key 2 opens 2 values" in run("keys", "status")
    assert "2 values are stored; 2 were encrypted anew" in run("keys", "rotate")
    settings.ENCRYPTION_KEYS = [NEW]
    assert use_code(user=member, code=code_of())
    assert use_code(user=member, code=codes[0])


@pytest.mark.django_db(transaction=True)
def test_on_the_server_they_are_taken_from_whoever_lost_them(site_admin: User) -> None:
    give_app(site_admin)
    assert "1 second factors of admin@example.com are removed" in run(
        "authentication", "reset-factors", "Admin@example.com"
    )
    assert not Authenticator.objects.exists()
    row = AuditEvent.objects.get(action="user.reset_factors")
    assert (row.actor_name, row.target_id) == ("system", str(site_admin.pk))
    missing = CliRunner().invoke(cli.main, ["authentication", "reset-factors", "nobody@example.com"])
    assert (missing.exit_code, missing.output) == (1, "Error: Nobody has this e-mail.\n")


@pytest.mark.django_db
def test_programs_see_them_take_lost_ones_and_say_who_must(site_admin: User, member: User) -> None:
    give_app(member)
    admin = Program(site_admin)
    [factor] = Program(member).get("/me/second-factors").json()["items"]
    assert factor["factor"] == "Authenticator app"
    assert admin.get(f"/users/{member.pk}/second-factors").json()["items"] == [factor]
    assert admin.delete(f"/users/{member.pk}/second-factors").status_code == 204
    assert Program(member).get("/me/second-factors").json()["items"] == []
    assert admin.delete(f"/users/{site_admin.pk}/second-factors").status_code == 409
    assert admin.put("/authentication/second-factors", {"site_roles": ["king"]}).status_code == 422
    wanted = {"site_roles": ["site-auditor"]}
    assert admin.put("/authentication/second-factors", wanted).json() == wanted
    assert FactorDemand.objects.get().site_role == "site-auditor"
