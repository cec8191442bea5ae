"""Browsers in which people are signed in: yours, and for those who run the deployment everybody's."""

import click

from coderadmin.client.api import Document
from coderadmin.client.output import Columns, when
from coderadmin.client.session import Client, limit_option, with_client, yes_option
from coderadmin.client.things import SESSION, USER, complete, find_id, only_one, option

COLUMNS: Columns = [
    ("Device", "device"),
    ("From", "address"),
    ("Signed in", when("created_at")),
    ("Last seen", when("seen_at")),
    ("Expires", when("expires_at")),
    ("Id", "id"),
]
TOKENS = "API tokens are no sessions: they stay."
user_option = option("--user", USER, help="Those of this person. Left out: yours.")


@click.command()
@user_option
@limit_option
@with_client
def ls(client: Client, user: str | None, limit: int) -> None:
    """List the browsers in which you, or another person, are signed in, the newest first."""
    found = client.api.pages(_path(client, user), limit=limit)
    client.output.rows(found, COLUMNS, empty="No browser is signed in.")


@click.command()
@click.argument("session", metavar="ID_OR_DEVICE", shell_complete=complete(SESSION))
@user_option
@yes_option
@with_client
def end(client: Client, session: str, user: str | None, yes: bool) -> None:
    """Sign one browser out: its next request leads to the sign-in page."""
    path = _path(client, user)
    found = _find(client, path, session)
    client.confirm(f"End the session on {found['device']}? {TOKENS}", yes=yes)
    client.api.delete(f"{path}/{found['id']}")
    client.output.done(f"The session on {found['device']} has ended.")


@click.command("end-all")
@user_option
@yes_option
@with_client
def end_all(client: Client, user: str | None, yes: bool) -> None:
    """Sign you, or another person, out of every browser. Environments that are open there must be opened again."""
    path, whose = _path(client, user), f"of {user}" if user else "of yours"
    client.confirm(f"End all sessions {whose}? {TOKENS}", yes=yes)
    client.api.delete(path)
    client.output.done(f"All sessions {whose} have ended.")


def _path(client: Client, user: str | None) -> str:
    return f"/users/{find_id(client.api, USER, user)}/sessions" if user else SESSION.path


def _find(client: Client, path: str, text: str) -> Document:
    """By its id, or by its device where one session has that. Raises ClientError."""
    sessions, wanted = list(client.api.pages(path)), text.strip().casefold()
    found = [each for each in sessions if wanted in (each["id"], each["device"].casefold())]
    return only_one(found, SESSION, none=f"There is no session {text}.", several=f"are on {text}")


sessions = click.Group("sessions", commands=[ls, end, end_all], help="Browsers in which people are signed in.")
