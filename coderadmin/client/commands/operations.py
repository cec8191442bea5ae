"""Background work: on providers, and on environments."""

import click

from coderadmin.client.api import Document
from coderadmin.client.errors import NOT_ALLOWED, AbsentError, ClientError, usage
from coderadmin.client.output import Columns, when
from coderadmin.client.session import Client, limit_option, with_client, yes_option
from coderadmin.client.things import ID, PROVIDER, complete, find, find_id, option
from coderadmin.client.waiting import ENVIRONMENT_OPERATIONS, OPERATIONS, follow, title_of

COLUMNS: Columns = [
    ("Kind", "kind"),
    ("Provider", "provider_name"),
    ("State", "state"),
    ("Asked for", when("requested_at")),
    ("By", "requested_by_name"),
    ("Ended", when("finished_at")),
    ("Id", "id"),
]
FIELDS: Columns = [
    ("Operation", title_of),
    ("State", "state"),
    ("Asked for", when("requested_at")),
    ("By", "requested_by_name"),
    ("Started", when("started_at")),
    ("Ended", when("finished_at")),
    ("Error", "error_text"),
    ("Id", "id"),
]


@click.command()
@option("--provider", PROVIDER, help="Only of this one.")
@click.option("--kind", type=click.Choice(["preflight", "deploy", "delete"]), help="Only of this kind.")
@click.option(
    "--state", type=click.Choice(["queued", "running", "succeeded", "failed", "cancelled"]), help="Only in this state."
)
@limit_option
@with_client
def ls(client: Client, provider: str | None, kind: str | None, state: str | None, limit: int) -> None:
    """List operations on providers, newest first."""
    pk = find_id(client.api, PROVIDER, provider) if provider else None
    found = client.api.pages(OPERATIONS, limit=limit, provider=pk, kind=kind, state=state)
    client.output.rows(found, COLUMNS, empty="No operation fits.")


@click.command()
@click.argument("operation", metavar="ID_OR_PROVIDER", shell_complete=complete(PROVIDER))
@with_client
def show(client: Client, operation: str) -> None:
    """Show an operation by its id, or a provider's newest one."""
    _, found = find_operation(client, operation)
    client.output.one(found, FIELDS)


@click.command()
@click.argument("operation", metavar="ID_OR_PROVIDER", shell_complete=complete(PROVIDER))
@with_client
def watch(client: Client, operation: str) -> None:
    """Print the log of an operation as it comes, until it has ended. Exit code 1: it failed."""
    root, found = find_operation(client, operation)
    ended = follow(client, root, found)
    client.output.done(f"{title_of(ended)} succeeded.", ended)


@click.command()
@click.argument("operation", metavar="ID_OR_PROVIDER", shell_complete=complete(PROVIDER))
@yes_option
@with_client
def cancel(client: Client, operation: str, yes: bool) -> None:
    """Cancel an operation: a queued one at once, a running one as soon as it can stop safely."""
    root, found = find_operation(client, operation)
    client.confirm(f"Cancel: {title_of(found)}?", yes=yes)
    answer = client.api.post(f"{root}/{found['id']}/cancel")
    client.output.done(f"{title_of(answer)}: asked to stop." if answer["is_active"] else "It is cancelled.", answer)


def find_operation(client: Client, text: str) -> tuple[str, Document]:
    """The path of its kind, and the operation. Who may not see operations on providers may see his own builds."""
    if not ID.fullmatch(text):
        provider = find(client.api, PROVIDER, text)
        newest = next(client.api.pages(OPERATIONS, limit=1, provider=provider["id"]), None)
        if newest is None:
            raise usage(f"{provider['name']} has had no operation yet.")
        return OPERATIONS, newest
    try:
        return OPERATIONS, client.api.get(f"{OPERATIONS}/{text}")
    except ClientError as error:
        if not isinstance(error, AbsentError) and error.exit_code != NOT_ALLOWED:
            raise
    return ENVIRONMENT_OPERATIONS, client.api.get(f"{ENVIRONMENT_OPERATIONS}/{text}")


operations = click.Group("operations", commands=[ls, show, watch, cancel], help="Background work and its logs.")
