"""Your API tokens."""

import click

from coderadmin.client.api import Document
from coderadmin.client.errors import AbsentError
from coderadmin.client.output import Columns, when
from coderadmin.client.session import Client, with_client, yes_option
from coderadmin.client.things import TOKEN, complete

COLUMNS: Columns = [
    ("Name", "name"),
    ("Scopes", lambda each: ", ".join(each["scopes"])),
    ("Expires", when("expires_at")),
    ("Last used", when("last_used_at")),
    ("From", "last_used_address"),
]


@click.command()
@with_client
def ls(client: Client) -> None:
    """List your tokens. Their secrets are stored nowhere."""
    client.output.rows(client.api.pages("/tokens"), COLUMNS, empty="You have no API token.")


@click.command()
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, default=["read"], show_default=True,
    type=click.Choice(["read", "write", "providers"]), help="What it may do; may be repeated.",
)  # fmt: skip
@click.option("--days", type=click.IntRange(1, 365), default=90, show_default=True, help="How long it is valid.")
@with_client
def create(client: Client, name: str, scopes: tuple[str, ...], days: int) -> None:
    """Make a token. It is printed this once, alone on stdout."""
    token = client.api.post("/tokens", {"name": name, "scopes": list(scopes), "days": days})
    client.output.secret(token["token"], f"Token {name}, valid until {when('expires_at')(token)}:", token)


@click.command()
@click.argument("token", metavar="NAME_OR_ID", shell_complete=complete(TOKEN))
@yes_option
@with_client
def revoke(client: Client, token: str, yes: bool) -> None:
    """End a token and those that were made with it: the next request with one is refused."""
    found, *made = _family(client, token)
    names = ", ".join(each["name"] for each in made)
    also = f" with what was made with it: {names}" if made else ""
    client.confirm(f"End the token {found['name']}{also}? What uses it is refused at once.", yes=yes)
    client.api.delete(f"/tokens/{found['id']}")
    client.output.done(f"The token {found['name']} is ended{also}.")


def _family(client: Client, text: str) -> list[Document]:
    """The token, then what was made with it, and with that."""
    tokens = list(client.api.pages("/tokens"))
    found = [each for each in tokens if text in (each["id"], each["name"])]
    for one in found:  # which grows meanwhile
        found += [each for each in tokens if each["made_with"] == one["id"]]
    if found:
        return found
    raise AbsentError(f"You have no token {text}.", remedy="Try: coderadmin tokens ls")


tokens = click.Group("tokens", commands=[ls, create, revoke], help="Your API tokens.")
