"""Who did what, when, with what effect."""

import click

from coderadmin.client.output import Columns, when
from coderadmin.client.session import Client, limit_option, with_client
from coderadmin.client.things import ORGANIZATION, find_id, option

COLUMNS: Columns = [
    ("When", when("at")),
    ("Who", lambda each: each["actor"]["name"]),
    ("Action", "action"),
    ("Object", lambda each: each["target"]["name"]),
    ("Outcome", "outcome"),
    ("From", "address"),
]


@click.command()
@click.option("-q", "--search", "q", help="Any text of the event.")
@click.option("--person", metavar="EMAIL", help="Only what this person did.")
@click.option("--action", help="Such as provider.deploy, or provider for all of them.")
@click.option("--outcome", help="Such as denied.")
@click.option("--since", metavar="TIME", help="ISO 8601, such as 2026-01-31T12:00Z.")
@click.option("--until", metavar="TIME", help="ISO 8601.")
@option("--organization", ORGANIZATION, help="Only what concerns it.")
@limit_option
@with_client
def ls(client: Client, organization: str | None, limit: int, **wanted: str | None) -> None:
    """List events of the audit log, newest first."""
    pk = find_id(client.api, ORGANIZATION, organization) if organization else None
    events = client.api.pages("/audit", limit=limit, organization=pk, **wanted)
    client.output.rows(events, COLUMNS, empty="No event fits.")
