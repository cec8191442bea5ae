"""Providers as code: export, plan, apply."""

from pathlib import Path
from typing import Any

import click

from coderadmin.client.api import Document
from coderadmin.client.commands.providers.applying import Applying
from coderadmin.client.commands.providers.registering import read
from coderadmin.client.commands.providers.verbs import impact_text
from coderadmin.client.errors import usage
from coderadmin.client.fleet.document import as_file, present_fleet, read_file
from coderadmin.client.fleet.files import Folders
from coderadmin.client.fleet.planning import Plan, make_plan, wishes
from coderadmin.client.output import shown
from coderadmin.client.session import Client, wait_option, with_client, yes_option
from coderadmin.client.waiting import OPERATIONS, follow

fleet_file = click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
files_option = click.option(
    "--allow-files",
    "allowed",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A file or folder that entries may name, too. Without it: files beside the fleet's file that are not hidden, "
    "and none when the fleet comes from stdin.",
)
prune_option = click.option("--prune", is_flag=True, help="Delete providers that are not in the file.")


@click.command()
@with_client
def export(client: Client) -> None:
    """Print all providers as a file for plan and apply. It holds no secret."""
    entries = present_fleet(client.api).entries()
    if client.output.wanted == "json":
        client.output.document({"version": 1, "providers": entries})
    else:
        click.echo(as_file(client.api.account.url, entries), nl=False)


@click.command()
@fleet_file
@prune_option
@files_option
@with_client
def plan(client: Client, file: str, prune: bool, allowed: tuple[Path, ...]) -> None:
    """Say what apply would create, change and delete, which files it would send, and whom it would concern.

    Nothing is changed or sent.
    """
    planned = _plan(client, file, allowed, prune=prune)
    _tell(client, planned)


@click.command()
@fleet_file
@prune_option
@files_option
@wait_option
@yes_option
@with_client
def apply(client: Client, file: str, prune: bool, allowed: tuple[Path, ...], wait: bool, yes: bool) -> None:
    """Bring the providers to what the file says. It can be repeated; what is so already stays untouched.

    In this order: create, change, access, default, delete. Where a step fails it stops, and says what is applied and
    what is not; applied again, it goes on from there.
    """
    planned = _plan(client, file, allowed, prune=prune)
    if planned.is_empty:
        _tell(client, planned)
        return
    client.output.note(_text(planned, _impacts(client, planned)))
    client.confirm("Apply this?", yes=yes)
    _apply(client, planned, wait=wait)


def _plan(client: Client, file: str, allowed: tuple[Path, ...], *, prune: bool) -> Plan:
    folders = Folders(base=None if file == "-" else Path(file).parent, allowed=allowed)
    entries = read_file(read(file), file)
    if prune and not entries:
        raise usage(f"{file} names no provider: --prune would delete every provider.", remedy="Is it the right file?")
    return make_plan(client.api, entries, folders=folders, prune=prune)


def _apply(client: Client, planned: Plan, *, wait: bool) -> None:
    work = Applying(client=client, planned=planned)
    work.run()
    for operation in work.deletions if wait else ():
        follow(client, OPERATIONS, operation)
    document = _document(planned, []) | {"created": list(work.made.values())}
    client.output.done(f"Applied: {_counts(planned)}.", document)


def _tell(client: Client, planned: Plan) -> None:
    impacts = _impacts(client, planned)
    client.output.done(_text(planned, impacts), _document(planned, impacts))


def _impacts(client: Client, planned: Plan) -> list[Document]:
    """Whom it would concern. Raises ClientError when a change of access would be refused."""
    found: list[Document] = []
    if wanted := wishes(planned, {}):
        answer = client.api.patch("/access", {"changes": wanted}, dry_run="true")
        found.append({"of": "access", "provider": None, **answer["impact"]})
    asked = [("cordon", change.provider) for change in planned.changes if change.cordon]
    asked += [("default", change.provider) for change in planned.changes if change.becomes_default]
    asked += [("delete", provider) for provider in planned.deletions]
    for of, provider in asked:
        impact = client.api.get(f"/providers/{provider['id']}/impact", of=of)
        found.append({"of": of, "provider": provider["name"], **impact})
    return found


def _text(planned: Plan, impacts: list[Document]) -> str:
    lines: list[str] = []
    for entry in planned.creations:
        lines.append(f"+ create {entry['name']} ({entry['way']})")
        lines += [f"    sends {each.path} ({each.key})" for each in planned.files if each.provider == entry["name"]]
    for change in planned.changes:
        lines.append(f"~ change {change.provider['name']}")
        lines += [f"    {name}: {_value(old)} → {_value(new)}" for name, (old, new) in change.differences.items()]
    lines += [f"- delete {each['name']}" for each in planned.deletions]
    lines += [f"! {impact['of']} {impact['provider'] or ''}: {impact_text(impact)}" for impact in impacts]
    if planned.left:
        lines.append(f"Not in the file, and left as they are (--prune deletes them): {', '.join(planned.left)}")
    if planned.is_empty:
        lines.append(f"Nothing to change: {_providers(planned.unchanged)} as the file says.")
    else:
        lines.append(f"Plan: {_counts(planned)}.")
    return "\n".join(lines)


def _document(planned: Plan, impacts: list[Document]) -> Document:
    return {
        "create": [entry["name"] for entry in planned.creations],
        "files": [{"provider": each.provider, "key": each.key, "path": str(each.path)} for each in planned.files],
        "change": [
            {"provider": each.provider["name"], "differences": _differences(each.differences)}
            for each in planned.changes
        ],
        "delete": [each["name"] for each in planned.deletions],
        "left": planned.left,
        "unchanged": planned.unchanged,
        "impact": impacts,
    }


def _differences(found: dict[str, tuple[Any, Any]]) -> Document:
    return {name: {"old": old, "new": new} for name, (old, new) in found.items()}


def _counts(planned: Plan) -> str:
    sizes = (len(planned.creations), "create"), (len(planned.changes), "change"), (len(planned.deletions), "delete")
    return ", ".join(f"{count} to {verb}" for count, verb in sizes) + f", {planned.unchanged} unchanged"


def _providers(count: int) -> str:
    return "1 provider is" if count == 1 else f"{count} providers are"


def _value(value: Any) -> str:
    return shown(value) or "nothing"
