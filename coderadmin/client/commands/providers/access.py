"""Who may use which provider."""

import click

from coderadmin.client.api import Document
from coderadmin.client.commands.providers.verbs import impact_text
from coderadmin.client.output import Columns
from coderadmin.client.session import Client, dry_run_option, with_client, yes_option
from coderadmin.client.things import ORGANIZATION, PROVIDER, argument, complete, find_id, option


@click.command()
@argument(PROVIDER)
@click.argument("organizations", nargs=-1, required=True, shell_complete=complete(ORGANIZATION))
@dry_run_option
@with_client
def allow(client: Client, provider: str, organizations: tuple[str, ...], dry_run: bool) -> None:
    """Let organizations use a provider. All of them, or none."""
    wishes = _wishes(client, provider, organizations, "open")
    _tell(client, client.api.patch("/access", wishes, dry_run="true" if dry_run else ""))


@click.command()
@argument(PROVIDER)
@click.argument("organizations", nargs=-1, required=True, shell_complete=complete(ORGANIZATION))
@click.option("--closing", is_flag=True, help="Existing environments go on, no new ones.")
@dry_run_option
@yes_option
@with_client
def disallow(
    client: Client, provider: str, organizations: tuple[str, ...], closing: bool, dry_run: bool, yes: bool
) -> None:
    """Take a provider from organizations. Refused while they have environments there: see --closing."""
    wishes = _wishes(client, provider, organizations, "closing" if closing else "none")
    planned = client.api.patch("/access", wishes, dry_run="true")
    if not dry_run and planned["changes"]:
        client.output.note(_sentences(planned))
        client.confirm("Do it?", yes=yes)
        planned = client.api.patch("/access", wishes)
    _tell(client, planned)


@click.command()
@option("--organization", ORGANIZATION, default="", help="Part of the name.")
@option("--provider", PROVIDER, default="", help="Part of the name.")
@with_client
def matrix(client: Client, organization: str, provider: str) -> None:
    """Show which organization may use which provider: open, closing, or nothing."""
    rows: list[Document] = []
    cursor: str | None = ""
    while cursor is not None:
        found = client.api.get("/access", organization=organization, provider=provider, cursor=cursor, limit=200)
        rows += found["items"]
        cursor = found["next_cursor"]
    if not client.output.is_for_people:
        client.output.document({"providers": found["providers"], "items": rows})
        return
    table = [_row(each) for each in rows]
    columns: Columns = [("Organization", "organization"), *((each["name"], each["id"]) for each in found["providers"])]
    client.output.rows(table, columns, empty="No organization fits.")


@click.command()
@argument(PROVIDER)
@option("--organization", ORGANIZATION, required=True, help="For whose environment.")
@click.option("--person", metavar="EMAIL", help="Left out: you.")
@with_client
def why(client: Client, provider: str, organization: str, person: str | None) -> None:
    """Say whether a new environment could be placed there now, and every rule that says so."""
    query = {"provider": find_id(client.api, PROVIDER, provider), "person": person}
    answer = client.api.get("/why", organization=find_id(client.api, ORGANIZATION, organization), **query)
    if not client.output.is_for_people:
        client.output.document(answer)
        return
    columns: Columns = [
        ("Rule", lambda each: "ok" if each["passed"] else "failed"),
        ("Says", "text"),
        ("Next step", "remedy"),
    ]
    client.output.rows(answer["rules"], columns, empty="No rule is in the way.")
    client.output.done("It is possible." if answer["allowed"] else "It is not possible now.")


def _wishes(client: Client, provider: str, organizations: tuple[str, ...], access: str) -> Document:
    pk = find_id(client.api, PROVIDER, provider)
    ids = [find_id(client.api, ORGANIZATION, each) for each in organizations]
    return {"changes": [{"provider": pk, "organization": each, "access": access} for each in ids]}


def _sentences(answer: Document) -> str:
    return " ".join([*(each["sentence"] for each in answer["changes"]), impact_text(answer["impact"])]).strip()


def _tell(client: Client, answer: Document) -> None:
    client.output.done(_sentences(answer) if answer["changes"] else "It is so already; nothing changes.", answer)


def _row(item: Document) -> Document:
    return {"organization": item["organization"]["name"]} | {each["provider"]: each["access"] for each in item["cells"]}
