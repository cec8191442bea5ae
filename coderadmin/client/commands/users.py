"""Accounts, for those who run the deployment."""

import click

from coderadmin.client.output import Columns, when
from coderadmin.client.session import Client, limit_option, with_client, yes_option
from coderadmin.client.things import ORGANIZATION, USER, argument, find, find_id, option

ROLES = click.Choice(["site-admin", "site-manager", "site-auditor", "site-member"])


def _organizations(each: dict) -> str:
    return ", ".join(one["name"] for one in each["organizations"])


def _state(each: dict) -> str:
    return "active" if each["is_active"] else "deactivated"


COLUMNS: Columns = [
    ("E-mail", "email"),
    ("Name", "name"),
    ("Role", "site_role"),
    ("State", _state),
    ("Organizations", _organizations),
    ("Last sign-in", when("last_login")),
]


def _invitation(each: dict) -> str:
    found = each.get("invitation") or {"state": "", "problem": ""}
    return f"{found['state']}: {found['problem']}" if found["problem"] else found["state"]


FIELDS: Columns = [
    *COLUMNS,
    ("Invitation", _invitation),
    ("User name", "username"),
    ("Created", when("created_at")),
    ("Id", "id"),
]


@click.command()
@click.option("-q", "--search", "q", help="Part of the e-mail or name.")
@click.option("--role", type=ROLES, help="Only with this role.")
@click.option("--state", type=click.Choice(["active", "deactivated"]), help="Only in this state.")
@limit_option
@with_client
def ls(client: Client, q: str | None, role: str | None, state: str | None, limit: int) -> None:
    """List accounts, by e-mail."""
    found = client.api.pages("/users", limit=limit, q=q, role=role, state=state)
    client.output.rows(found, COLUMNS, empty="Nobody fits.")


@click.command()
@argument(USER)
@with_client
def show(client: Client, user: str) -> None:
    """Show an account, by its e-mail or id."""
    client.output.one(find(client.api, USER, user), FIELDS)


@click.command()
@click.argument("email")
@click.option("--name", default="", help="As people are called.")
@click.option("--role", type=ROLES, default="site-member", show_default=True, help="In the whole deployment.")
@option("--organization", ORGANIZATION, multiple=True, help="May be repeated. Left out: the default organization.")
@click.option("--temporary-password", is_flag=True, help="Do not invite by mail.")
@with_client
def create(
    client: Client, email: str, name: str, role: str, organization: tuple[str, ...], temporary_password: bool
) -> None:
    """Make an account. Where mail is set up, the person is invited.

    Otherwise its temporary password is printed this once, alone on stdout.
    """
    ids = [find_id(client.api, ORGANIZATION, each) for each in organization] or None
    body = {"email": email, "name": name, "site_role": role, "organizations": ids}
    user = client.api.post("/users", body | ({"invite": False} if temporary_password else {}))
    if not user["temporary_password"]:
        client.output.done(f"{user['email']} is created. An invitation is sent there.", user)
        return
    sentence = f"{user['email']} is created. The temporary password, to be changed at the first sign-in:"
    client.output.secret(user["temporary_password"], sentence, user)


@click.command()
@argument(USER)
@click.argument("site_role", metavar="ROLE", type=ROLES)
@with_client
def role(client: Client, user: str, site_role: str) -> None:
    """Change what somebody may do in the whole deployment."""
    pk = find_id(client.api, USER, user)
    changed = client.api.patch(f"/users/{pk}", {"site_role": site_role})
    client.output.done(f"{changed['email']} is {changed['site_role']} now.", changed)


@click.command()
@argument(USER)
@yes_option
@with_client
def deactivate(client: Client, user: str, yes: bool) -> None:
    """End somebody's sessions and tokens at once, and let nobody sign in. Environments stay."""
    found = find(client.api, USER, user)
    client.confirm(f"Deactivate {found['email']}? Sessions and tokens end at once.", yes=yes)
    changed = client.api.post(f"/users/{found['id']}/deactivate")
    client.output.done(f"{changed['email']} is deactivated.", changed)


@click.command()
@argument(USER)
@with_client
def activate(client: Client, user: str) -> None:
    """Let somebody sign in again."""
    changed = client.api.post(f"/users/{find_id(client.api, USER, user)}/activate")
    client.output.done(f"{changed['email']} is active.", changed)


@click.command("reset-password")
@argument(USER)
@yes_option
@with_client
def reset_password(client: Client, user: str, yes: bool) -> None:
    """Give somebody a temporary password, printed this once. Every session ends."""
    found = find(client.api, USER, user)
    client.confirm(f"Reset the password of {found['email']}? Every session ends.", yes=yes)
    answer = client.api.post(f"/users/{found['id']}/reset-password")
    client.output.secret(answer["temporary_password"], f"The temporary password of {found['email']}:", answer)


@click.command()
@argument(USER)
@with_client
def invite(client: Client, user: str) -> None:
    """Send an invitation again that was not accepted yet."""
    changed = client.api.post(f"/users/{find_id(client.api, USER, user)}/invite")
    client.output.done(f"The invitation is sent to {changed['email']} again.", changed)


COMMANDS = [ls, show, create, invite, role, deactivate, activate, reset_password]
users = click.Group("users", commands=COMMANDS, help="Accounts.")
