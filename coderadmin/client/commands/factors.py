"""Second factors: yours, those of a person who lost them, and which site roles must have one."""

import click

from coderadmin.client.api import Document
from coderadmin.client.commands.users import ROLES
from coderadmin.client.errors import usage
from coderadmin.client.output import Columns, when
from coderadmin.client.session import Client, with_client, yes_option
from coderadmin.client.things import FACTOR, USER, argument, complete, find, find_id, only_one, option

OWN, DEMAND = FACTOR.path, "/authentication/second-factors"
COLUMNS: Columns = [
    ("Factor", "factor"),
    ("Added", when("created_at")),
    ("Last use", when("last_used_at")),
    ("Id", "id"),
]


@click.command()
@option("--user", USER, help="Those of this person. Left out: yours.")
@with_client
def ls(client: Client, user: str | None) -> None:
    """List second factors. They are added and removed in a browser, under your account."""
    path = f"/users/{find_id(client.api, USER, user)}/second-factors" if user else OWN
    client.output.rows(client.api.pages(path), COLUMNS, empty="There is no second factor.")


@click.command()
@click.argument("factor", metavar="ID_OR_NAME", shell_complete=complete(FACTOR))
@click.argument("name")
@with_client
def rename(client: Client, factor: str, name: str) -> None:
    """Call one of your second factors otherwise. It is named by its id, or as `factors ls` does."""
    wanted = factor.strip().casefold()
    found = [each for each in client.api.pages(OWN) if wanted in (str(each["id"]), each["factor"].casefold())]
    meant = only_one(found, FACTOR, none=f"You have no second factor {factor}.", several=f"are called {factor}")
    renamed = client.api.patch(f"{OWN}/{meant['id']}", {"name": name})
    client.output.done(f"{meant['factor']} is {renamed['factor']} now.", renamed)


@click.command()
@argument(USER)
@yes_option
@with_client
def reset(client: Client, user: str, yes: bool) -> None:
    """Take all second factors and recovery codes from a person who lost them. Not your own.

    The password alone signs that person in then. Sessions and API tokens stay.
    """
    found = find(client.api, USER, user)
    path = f"/users/{found['id']}/second-factors"
    names = "; ".join(each["factor"] for each in client.api.pages(path)) or "There are none now"
    question = f"Remove the second factors of {found['email']}? {names}. The password alone signs in then."
    client.confirm(question, yes=yes)
    client.api.delete(path)
    client.output.done(f"{found['email']} has no second factor any more.")


@click.command("show")
@with_client
def show_demand(client: Client) -> None:
    """Show whose site role must have a second factor."""
    found = client.api.get(DEMAND)
    client.output.done(_sentence(found), found)


@click.command("set")
@click.argument("site_roles", metavar="[ROLE]...", nargs=-1, type=ROLES)
@click.option("--nobody", is_flag=True, help="No site role must have one.")
@with_client
def set_demand(client: Client, site_roles: tuple[str, ...], nobody: bool) -> None:
    """Say which site roles must have a second factor: those that are named, and no others.

    Whoever has none is led to where one adds it, and reaches nothing else before. API tokens stay good.
    """
    if bool(site_roles) == nobody:
        raise usage("Name the site roles, or say --nobody.")
    now = client.api.put(DEMAND, {"site_roles": sorted(set(site_roles))})
    client.output.done(_sentence(now), now)


def _sentence(demand: Document) -> str:
    roles = ", ".join(demand["site_roles"])
    return f"These must have a second factor: {roles}." if roles else "Nobody must have a second factor."


demand = click.Group("demand", commands=[show_demand, set_demand], help="Which site roles must have a second factor.")
factors = click.Group("factors", commands=[ls, rename, reset, demand], help="Second factors.")
