"""Organizations, users and the audit log from the command line."""

from datetime import timedelta

from django.utils import timezone

from audit.models import AuditEvent
from authentication.configuration import Configuration
from organizations.models import Invitation, Membership, Organization, User
from tests.client.conftest import Shell, Shells
from tests.factories import make_built_in, make_environment
from tests.organizations.mails import Post
from tests.people import add_member, make_organization


def test_an_organization_lives(shell: Shell) -> None:
    make_built_in()
    make_organization(name="default", is_default=True)
    made = shell.json("orgs", "create", "Acme Works", "--quota-cpu-cores", "8", "--description", "All of it")
    assert (made["name"], made["quota_cpu_cores"], made["provider_count"]) == ("Acme Works", 8.0, 1)
    shell.run("orgs", "edit", "acme works", "--quota-cpu-cores", "none", "--name", "Acme")
    assert shell.json("orgs", "show", "Acme")["quota_cpu_cores"] is None
    assert "All of it" in shell.run("orgs", "show", "Acme").stdout
    assert "quota_disk_gb" in shell.run("orgs", "edit", "Acme", "--quota-disk-gb", "much", code=2).stderr
    assert "Acme" in shell.run("orgs", "ls").stdout
    assert "move to default" in shell.run("orgs", "rm", "Acme", "--dry-run").stdout
    assert "--yes" in shell.run("orgs", "rm", "Acme", code=2).stderr
    shell.run("orgs", "rm", "Acme", "--yes")
    assert not Organization.objects.filter(name="Acme")
    assert shell.run("orgs", "rm", "default", "--yes", code=3).stderr.startswith("Error: ")


def test_members_come_change_and_go(shell: Shell, member: User) -> None:
    acme = make_organization(name="acme")
    shell.run("orgs", "members", "add", "acme", member.email)
    shell.run("orgs", "members", "role", "acme", member.email, "organization-manager")
    assert member.email in shell.run("orgs", "members", "ls", "acme").stdout
    make_environment(owner=member, organization=acme)
    shell.run("orgs", "members", "rm", "acme", member.email, "--yes", code=3)
    member.environments.all().delete()
    shell.run("orgs", "members", "rm", "acme", member.email, "--yes")
    assert not Membership.objects.exists()
    assert "members ls" in shell.run("orgs", "members", "rm", "acme", member.email, "--yes", code=1).stderr


def test_an_account_lives(shell: Shell) -> None:
    make_organization(name="default", is_default=True)
    made = shell.run("users", "create", "New@example.com", "--name", "New Person", "-v")
    user = User.objects.get(email="new@example.com")
    password = made.stdout.strip()
    assert user.check_password(password)
    assert password not in made.stderr
    again = shell.json("users", "reset-password", "new@example.com", "--yes")["temporary_password"]
    assert again != password
    shell.run("users", "role", "new@example.com", "site-auditor")
    shell.run("users", "deactivate", "new@example.com", "--yes")
    assert [each["email"] for each in shell.json("users", "ls", "--state", "deactivated")] == ["new@example.com"]
    shell.run("users", "activate", "new@example.com")
    assert "site-auditor" in shell.run("users", "show", "new@example.com").stdout
    assert "email:" in shell.run("users", "create", "no address", code=2).stderr
    assert "Invalid value" in shell.run("users", "role", "new@example.com", "king", code=2).stderr


def test_a_member_is_told_what_is_not_theirs(shell_of: Shells, member: User) -> None:
    acme = make_organization(name="acme")
    add_member(acme, member)
    shell = shell_of(member)
    assert [each["name"] for each in shell.json("orgs", "ls")] == ["acme"]
    for command in (
        ["users", "ls"],
        ["audit", "ls"],
        ["operations", "ls"],
        ["orgs", "create", "x"],
        ["access-url", "status"],
    ):
        refused = shell.run(*command, code=4).stderr
        assert refused.startswith("Error: ") and len(refused.splitlines()) == 1, command


def test_events_are_found(shell: Shell, member: User) -> None:
    make_organization(name="acme")
    shell.run("orgs", "members", "add", "acme", member.email)
    action = AuditEvent.objects.latest("id").action
    assert member.email in shell.run("audit", "ls", "--action", action, "-o", "json").stdout
    assert action in shell.run("audit", "ls", "--limit", "1").stdout
    assert shell.run("audit", "ls", "--person", "nobody@example.com").stdout == "No event fits.\n"
    assert "since:" in shell.run("audit", "ls", "--since", "yesterday", code=2).stderr


def test_an_invitation_that_would_let_nobody_in_says_why(shell_of: Shells, site_admin: User, post: Post) -> None:
    Configuration.objects.create(built_in=False, openid_connect=True, issuer="https://id.example.com")
    shell = shell_of(site_admin)
    refused = shell.run("users", "create", "ada@example.com", "--role", "site-manager", code=3).stderr
    assert "Built-in sign-in is off" in refused and "ordinary member until the first sign-in" in refused
    assert "An invitation is sent there." in shell.run("users", "create", "ada@example.com").stdout


def test_somebody_is_invited(shell: Shell, post: Post) -> None:
    made = shell.run("users", "create", "ada@example.com")
    assert made.stdout == "ada@example.com is created. An invitation is sent there.\n"
    assert "waiting" in shell.run("users", "show", "ada@example.com").stdout
    assert "less than a minute ago" in shell.run("users", "invite", "ada@example.com", code=3).stderr
    Invitation.objects.update(asked_at=timezone.now() - timedelta(minutes=2))
    assert "sent to ada@example.com again" in shell.run("users", "invite", "ada@example.com").stdout
    post.work()
    assert shell.json("users", "show", "ada@example.com")["invitation"]["state"] == "sent"
    made = shell.run("users", "create", "b@example.com", "--temporary-password")
    assert User.objects.get(email="b@example.com").check_password(made.stdout.strip())
