"""How people sign in, their sessions and second factors from the command line."""

from pathlib import Path

import pytest
import yaml
from allauth.socialaccount.models import SocialAccount

from audit.models import AuditEvent
from authentication.configuration import ClaimRule, Configuration
from authentication.factors import factors_of
from authentication.models import Session
from coderadmin.encryption import unseal
from organizations.models import User
from tests.authentication.openid import CALLBACK, Provider, change
from tests.authentication.things import give_app, make_session
from tests.client.conftest import Shell, Shells
from tests.people import make_organization


@pytest.fixture
def admin(shell_of: Shells, site_admin: User) -> Shell:
    return shell_of(site_admin)


def edit(shell: Shell, provider: Provider, *more: str, stdin: str, code: int = 0, client_id: str) -> str:
    named = ["--issuer", provider.issuer, "--client-id", client_id, "--client-secret-stdin", *more]
    return shell.run("authentication", "edit", *named, "-v", stdin=stdin, code=code).output


def test_your_sessions_are_listed_and_ended(shell_of: Shells, member: User, site_manager: User) -> None:
    shell, first, other = shell_of(member), make_session(member), make_session(site_manager)
    assert "Firefox on Linux" in shell.run("sessions", "ls").stdout
    assert [each["id"] for each in shell.json("sessions", "ls")] == [str(first.pk)]
    assert "--yes" in shell.run("sessions", "end", str(first.pk), code=2).stderr
    assert "sessions ls" in shell.run("sessions", "end", str(other.pk), "--yes", code=1).stderr
    shell.run("sessions", "end", "firefox on linux", "--yes")
    assert not Session.objects.filter(user=member).exists()
    two = [make_session(member), make_session(member)]
    assert str(two[0].pk) in shell.run("sessions", "end", "Firefox on Linux", "--yes", code=2).stderr
    assert "--yes" in shell.run("sessions", "end-all", code=2).stderr
    assert shell.run("sessions", "end-all", "--yes").stdout == "All sessions of yours have ended.\n"
    assert list(Session.objects.values_list("pk", flat=True)) == [other.pk]
    assert "No browser" in shell.run("sessions", "ls").stdout


def test_those_of_others_are_for_who_may_edit_the_account(
    shell: Shell, shell_of: Shells, member: User, site_admin: User
) -> None:
    make_session(site_admin)
    session = make_session(member)
    assert [each["id"] for each in shell.json("sessions", "ls", "--user", member.email)] == [str(session.pk)]
    shell.run("sessions", "end", str(session.pk), "--user", member.email, "--yes")
    make_session(member)
    shell.run("sessions", "end-all", "--user", str(member.pk), "--yes")
    assert not Session.objects.filter(user=member).exists()
    assert shell.run("sessions", "end-all", "--user", site_admin.email, "--yes", code=4).stderr.startswith("Error: ")
    assert shell_of(member).run("sessions", "ls", "--user", str(site_admin.pk), code=4).stderr.startswith("Error: ")
    assert Session.objects.filter(user=site_admin).exists()


def test_second_factors_are_listed_and_taken_from_who_lost_them(shell: Shell, shell_of: Shells, member: User) -> None:
    give_app(member)
    assert "Authenticator app" in shell_of(member).run("factors", "ls").stdout
    assert [each["factor"] for each in shell.json("factors", "ls", "--user", member.email)] == ["Authenticator app"]
    assert "Authenticator app. The password alone" in shell.run("factors", "reset", member.email, code=2).stderr
    shell.run("factors", "reset", member.email, "--yes")
    assert not factors_of(member).exists()
    assert shell.run("factors", "ls").stdout == "There is no second factor.\n"
    assert AuditEvent.objects.filter(action="user.reset_factors").count() == 1


def test_a_factor_is_called_otherwise(shell_of: Shells, member: User) -> None:
    shell, factor = shell_of(member), give_app(member)
    assert "Authenticator app “phone” now" in shell.run("factors", "rename", "authenticator app", "phone").stdout
    assert shell.json("factors", "rename", str(factor.pk), "old phone")["factor"] == "Authenticator app “old phone”"
    assert "name:" in shell.run("factors", "rename", str(factor.pk), "", code=2).stderr
    assert "factors ls" in shell.run("factors", "rename", "phone", "x", code=1).stderr


def test_which_roles_must_have_one_is_said_and_shown(admin: Shell, shell: Shell) -> None:
    assert "Nobody must" in shell.run("factors", "demand", "show").stdout
    assert admin.json("factors", "demand", "set", "site-manager", "site-admin", "site-manager") == {
        "site_roles": ["site-admin", "site-manager"]
    }
    assert "site-admin, site-manager" in shell.run("factors", "demand", "show").stdout
    assert "--nobody" in admin.run("factors", "demand", "set", code=2).stderr
    shell.run("factors", "demand", "set", "--nobody", code=4)
    assert "Nobody must" in admin.run("factors", "demand", "set", "--nobody").stdout


def test_the_sign_in_service_is_set_up_by_a_secret_from_stdin(
    admin: Shell, provider_process: Provider, tmp_path: Path
) -> None:
    make_organization(name="Platform")
    client_id, secret = provider_process.register(f"{admin.url}{CALLBACK}")
    assert "client_secret: The provider does not know" in edit(
        admin, provider_process, stdin="wrong\n", code=2, client_id=client_id
    )
    path = tmp_path / "rules.yaml"
    rules = [
        {"value": "ops", "site_role": "site-manager"},
        {"value": "devs", "organization": "platform", "organization_role": "organization-member"},
    ]
    path.write_text(yaml.safe_dump(rules))
    said = edit(admin, provider_process, "--rules", str(path), stdin=f"{secret}\n", client_id=client_id)
    assert "is saved" in said and secret not in said
    assert unseal(Configuration.load().client_secret) == secret
    assert [str(rule) for rule in ClaimRule.objects.all()] == ["devs: Member of Platform", "ops: Site manager"]
    shown = admin.run("authentication", "show").stdout
    assert "organization-member of Platform" in shown and provider_process.issuer in shown and secret not in shown
    path.write_text(admin.run("authentication", "show", "-o", "yaml").stdout)
    before = Configuration.load().revision
    admin.run("authentication", "edit", "--rules", str(path))
    assert Configuration.load().revision == before, "what is shown can be sent back"
    admin.run("authentication", "edit", "--button-label", "Come in", "--no-creates-accounts")
    assert Configuration.load().button_label == "Come in"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Nothing to change"),
        (["--client-secret"], "--client-secret-stdin"),
        (["--client-secret-stdin", "--rules", "-"], "both"),
        (["--rules", "-"], "list of rules"),
        (["--issuer", "nonsense"], "issuer:"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_line(admin: Shell, arguments: list[str], words: str) -> None:
    said = admin.run("authentication", "edit", *arguments, stdin="- king: 1", code=2).stderr
    assert words in said and len(said.splitlines()) == 1


def test_ways_in_are_switched_and_one_always_stays(admin: Shell, shell: Shell, provider: Provider) -> None:
    change(openid_connect=False)
    assert "Name a way in" in admin.run("authentication", "switch", code=2).stderr
    shell.run("authentication", "switch", "--openid-connect", code=4)
    assert admin.json("authentication", "switch", "--openid-connect")["openid_connect"]
    assert "--yes" in admin.run("authentication", "switch", "--no-built-in", code=2).stderr
    assert "say how" in admin.run("authentication", "switch", "--no-built-in", "--yes", code=3).stderr
    off = ["switch", "--no-built-in", "--way-in", "by the server", "--yes"]
    assert "Built-in sign-in is off" in admin.run("authentication", *off).stdout
    assert "only way in" in admin.run("authentication", "switch", "--no-openid-connect", "--yes", code=3).stderr
    assert "by the server" in str(AuditEvent.objects.get(action="authentication.set_built_in").after)


def test_links_to_the_sign_in_service_are_undone(
    shell: Shell, shell_of: Shells, member: User, provider: Provider
) -> None:
    for person in (member, User.objects.get(email=shell.json("whoami")["email"])):
        SocialAccount.objects.create(user=person, provider=provider.issuer, uid=person.email)
    assert "that of" in shell.run("authentication", "unlink", "--user", member.email, code=2).stderr
    shell_of(member).run("authentication", "unlink", "--user", member.email, "--yes", code=4)
    shell.run("authentication", "unlink", "--user", member.email, "--yes")
    assert SocialAccount.objects.get().user != member
    assert "opens yours" in shell.run("authentication", "unlink", "--yes").stdout
    assert not SocialAccount.objects.exists()
