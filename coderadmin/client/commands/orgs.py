"""Organizations and who is in them."""

from typing import Any

import click

from coderadmin.client.api import Document
from coderadmin.client.errors import AbsentError
from coderadmin.client.output import Columns, when
from coderadmin.client.session import Client, dry_run_option, limit_option, with_client, yes_option
from coderadmin.client.things import ID, ORGANIZATION, argument, find, find_id

COLUMNS: Columns = [
    ("Name", "name"),
    ("Default", "is_default"),
    ("Members", "member_count"),
    ("Environments", "environment_count"),
    ("Providers", "provider_count"),
]
FIELDS: Columns = [
    *COLUMNS,
    ("Description", "description"),
    ("CPU cores per member", "quota_cpu_cores"),
    ("Memory per member, GB", "quota_memory_gb"),
    ("Disk per member, GB", "quota_disk_gb"),
    ("GPUs per member", "quota_gpus"),
    ("Auto-off after hours", "auto_off_hours"),
    ("Created", when("created_at")),
    ("Id", "id"),
]
ROLES = click.Choice(["organization-manager", "organization-member"])
LIMITS = ("quota_cpu_cores", "quota_memory_gb", "quota_disk_gb", "quota_gpus", "auto_off_hours")


def _limits(function: Any) -> Any:
    """`none` takes a limit away."""
    for name in reversed(LIMITS):
        function = click.option(f"--{name.replace('_', '-')}", metavar="NUMBER", help="none: no limit.")(function)
    return click.option("--description", help="What it is for.")(function)


def _fields(given: dict[str, str | None]) -> dict[str, Any]:
    return {name: None if text == "none" else text for name, text in given.items() if text is not None}


@click.command()
@click.option("-q", "--search", "q", help="Part of the name.")
@limit_option
@with_client
def ls(client: Client, q: str | None, limit: int) -> None:
    """List organizations, by name."""
    client.output.rows(client.api.pages("/organizations", limit=limit, q=q), COLUMNS, empty="No organization fits.")


@click.command()
@argument(ORGANIZATION)
@with_client
def show(client: Client, organization: str) -> None:
    """Show an organization."""
    client.output.one(find(client.api, ORGANIZATION, organization), FIELDS)


@click.command()
@click.argument("name")
@click.option("--default", "is_default", is_flag=True, help="New people join it.")
@_limits
@with_client
def create(client: Client, name: str, is_default: bool, **given: str | None) -> None:
    """Create an organization. It may use the built-in provider at once."""
    made = client.api.post("/organizations", {"name": name, "is_default": is_default} | _fields(given))
    client.output.done(f"{made['name']} is created.", made)


@click.command()
@argument(ORGANIZATION)
@click.option("--name", help="Another name.")
@click.option("--default", "is_default", is_flag=True, help="New people join it from now on.")
@_limits
@with_client
def edit(client: Client, organization: str, is_default: bool, **given: str | None) -> None:
    """Change what is named, and nothing else."""
    path = f"/organizations/{find_id(client.api, ORGANIZATION, organization)}"
    changed = client.api.patch(path, _fields(given))
    if is_default:
        changed = client.api.post(f"{path}/default")
    client.output.done(f"{changed['name']} is changed.", changed)


@click.command()
@argument(ORGANIZATION)
@dry_run_option
@yes_option
@with_client
def rm(client: Client, organization: str, dry_run: bool, yes: bool) -> None:
    """Delete an organization. Its people and environments move to the default one."""
    found = find(client.api, ORGANIZATION, organization)
    path = f"/organizations/{found['id']}"
    impact = client.api.get(f"{path}/impact")
    sentence = _impact(impact)
    if dry_run:
        client.output.done(sentence, impact)
        return
    client.output.note(sentence)
    client.confirm(f"Delete {found['name']}?", yes=yes)
    client.output.done(f"{found['name']} is deleted.", client.api.delete(path))


@click.command("ls")
@argument(ORGANIZATION)
@limit_option
@with_client
def list_members(client: Client, organization: str, limit: int) -> None:
    """List who is in an organization, by e-mail."""
    path = f"/organizations/{find_id(client.api, ORGANIZATION, organization)}/members"
    columns: Columns = [
        ("E-mail", lambda each: each["user"]["email"]),
        ("Name", lambda each: each["user"]["name"]),
        ("Role", "role"),
    ]
    client.output.rows(client.api.pages(path, limit=limit), columns, empty="Nobody is in it.")


@click.command("add")
@argument(ORGANIZATION)
@click.argument("email")
@click.option("--role", type=ROLES, default="organization-member", show_default=True, help="In this organization.")
@with_client
def add_member(client: Client, organization: str, email: str, role: str) -> None:
    """Put somebody who has an account into an organization."""
    path = f"/organizations/{find_id(client.api, ORGANIZATION, organization)}/members"
    added = client.api.post(path, {"email": email, "role": role})
    client.output.done(f"{email} is in {organization} now, as {added['role']}.", added)


@click.command("role")
@argument(ORGANIZATION)
@click.argument("email")
@click.argument("role", type=ROLES)
@with_client
def set_role(client: Client, organization: str, email: str, role: str) -> None:
    """Change what somebody may do in an organization."""
    changed = client.api.patch(_member_path(client, organization, email), {"role": role})
    client.output.done(f"{email} is {changed['role']} in {organization} now.", changed)


@click.command("rm")
@argument(ORGANIZATION)
@click.argument("email")
@yes_option
@with_client
def remove_member(client: Client, organization: str, email: str, yes: bool) -> None:
    """Take somebody out of an organization. Refused while they have environments there."""
    path = _member_path(client, organization, email)
    client.confirm(f"Take {email} out of {organization}?", yes=yes)
    client.api.delete(path)
    client.output.done(f"{email} is out of {organization}.")


def _member_path(client: Client, organization: str, email: str) -> str:
    """Members are searched, since those who manage an organization do not see all accounts."""
    path = f"/organizations/{find_id(client.api, ORGANIZATION, organization)}/members"
    if ID.fullmatch(email):
        return f"{path}/{email}"
    for each in client.api.pages(path, q=email):
        if each["user"]["email"] == email.strip().lower():
            return f"{path}/{each['user']['id']}"
    raise AbsentError(f"{email} is not in {organization}.", remedy=f"Try: coderadmin orgs members ls {organization}")


def _impact(impact: Document) -> str:
    environments = impact["running"] + impact["stopped"]
    closing = f" It stays closing on {', '.join(impact['closing'])}." if impact["closing"] else ""
    return f"{impact['people']} people and {environments} environments move to {impact['default']['name']}.{closing}"


members = click.Group(
    "members", commands=[list_members, add_member, set_role, remove_member], help="Who is in an organization."
)
orgs = click.Group("orgs", commands=[ls, show, create, edit, rm, members], help="Organizations and their members.")
