"""Developers' environments."""

from typing import Any

import click

from coderadmin.client.api import Document
from coderadmin.client.errors import usage
from coderadmin.client.output import Columns, when
from coderadmin.client.session import Client, limit_option, wait_option, with_client, yes_option
from coderadmin.client.things import ENVIRONMENT, ORGANIZATION, PROVIDER, argument, find, find_id, option
from coderadmin.client.waiting import ENVIRONMENT_OPERATIONS, follow, requested, show_log

COLUMNS: Columns = [
    ("Name", "name"),
    ("Status", "status"),
    ("Owner", lambda each: each["owner"]["email"]),
    ("Organization", lambda each: each["organization"]["name"]),
    ("Provider", lambda each: each["provider"]["name"]),
    ("Image", lambda each: f"{each['image']}:{each['tag']}"),
]
FIELDS: Columns = [
    *COLUMNS,
    ("Message", "message"),
    ("Since", when("status_since")),
    ("CPU cores", "cpu_cores"),
    ("Memory, GB", "memory_gb"),
    ("Disk, GB", "disk_gb"),
    ("GPUs", "gpus"),
    ("Turns off", when("auto_off_at")),
    ("Under way", "active_operation"),
    ("Created", when("created_at")),
    ("Id", "id"),
]
SIZES = {
    "--cpu": ("cpu_cores", float),
    "--memory": ("memory_gb", float),
    "--disk": ("disk_gb", int),
    "--gpus": ("gpus", int),
}
UNITS = {"cpu_cores": "CPU cores.", "memory_gb": "GB.", "disk_gb": "GB; it never shrinks.", "gpus": "GPUs."}


def _sizes(function: Any) -> Any:
    for flag, (name, kind) in reversed(SIZES.items()):
        function = click.option(flag, name, type=kind, help=UNITS[name])(function)
    return click.option("--tag", help="Of the image.")(function)


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


@click.command()
@click.option("-q", "--search", "q", help="Part of the name.")
@click.option("--status", help="Such as on, off, failed.")
@click.option("--owner", metavar="EMAIL", help="Only of this person.")
@option("--provider", PROVIDER, help="Only there.")
@option("--organization", ORGANIZATION, help="Only of it.")
@limit_option
@with_client
def ls(client: Client, provider: str | None, organization: str | None, limit: int, **wanted: str | None) -> None:
    """List environments that you may see, by name."""
    query = wanted | {
        "provider": find_id(client.api, PROVIDER, provider) if provider else None,
        "organization": find_id(client.api, ORGANIZATION, organization) if organization else None,
    }
    found = client.api.pages("/environments", limit=limit, **query)
    client.output.rows(found, COLUMNS, empty="No environment fits.")


@click.command()
@argument(ENVIRONMENT)
@with_client
def show(client: Client, environment: str) -> None:
    """Show an environment."""
    client.output.one(find(client.api, ENVIRONMENT, environment), FIELDS)


@click.command()
@click.argument("name")
@option("--organization", ORGANIZATION, required=True, help="Whose quota it counts against.")
@click.option("--image", required=True, help="Such as codercom/enterprise-base.")
@option("--provider", PROVIDER, help="Left out: the default, or the best one that is usable.")
@click.option("--owner", metavar="EMAIL", help="A member, for those who manage the organization.")
@_sizes
@wait_option
@with_client
def create(client: Client, name: str, organization: str, provider: str | None, wait: bool, **fields: Any) -> None:
    """Create an environment and build it. What is left out of tag and size is as the organization's image has it."""
    places = {
        "organization": find_id(client.api, ORGANIZATION, organization),
        "provider": find_id(client.api, PROVIDER, provider) if provider else None,
    }
    made = client.api.post("/environments", _given({"name": name} | places | fields))
    if wait:
        follow(client, ENVIRONMENT_OPERATIONS, made["operation"])
        made = client.api.get(f"/environments/{made['id']}")
        client.output.done(f"{made['name']} is {made['status']} on {made['provider']['name']}.", made)
    else:
        hint = f"Watch it: coderadmin operations watch {made['operation']['id']}"
        client.output.done(f"{made['name']} is being built on {made['provider']['name']}. {hint}", made)


@click.command()
@argument(ENVIRONMENT)
@wait_option
@with_client
def start(client: Client, environment: str, wait: bool) -> None:
    """Turn an environment on."""
    _ask_for(client, find(client.api, ENVIRONMENT, environment), "start", wait=wait, already="is on already")


@click.command()
@argument(ENVIRONMENT)
@wait_option
@with_client
def stop(client: Client, environment: str, wait: bool) -> None:
    """Turn an environment off. Its home stays."""
    _ask_for(client, find(client.api, ENVIRONMENT, environment), "stop", wait=wait, already="is off already")


@click.command()
@argument(ENVIRONMENT)
@click.option("--image", help="Another image.")
@_sizes
@wait_option
@yes_option
@with_client
def rebuild(client: Client, environment: str, wait: bool, yes: bool, **fields: Any) -> None:
    """Build an environment again, as it is or with another image or size. What runs in it ends; its home stays."""
    found = find(client.api, ENVIRONMENT, environment)
    client.confirm(f"Rebuild {found['name']}? What runs in it ends; its home stays.", yes=yes)
    body = _given(fields)
    _ask_for(client, found, "rebuild", body, wait=wait, already="is built so already")


@click.command()
@argument(ENVIRONMENT)
@click.option(
    "--leave-objects", is_flag=True, help="For site managers: its cluster is out of reach; leave what is there."
)
@wait_option
@yes_option
@with_client
def rm(client: Client, environment: str, leave_objects: bool, wait: bool, yes: bool) -> None:
    """Delete an environment with its home."""
    found = find(client.api, ENVIRONMENT, environment)
    client.confirm(f"Delete {found['name']} of {found['owner']['email']} with everything in its home?", yes=yes)
    answer = client.api.delete(f"/environments/{found['id']}", leave_objects="true" if leave_objects else "")
    _told(client, found, answer["operation"], wait=wait, already="is being deleted already")


@click.command()
@argument(ENVIRONMENT)
@click.option("-f", "--follow", "goes_on", is_flag=True, help="Go on until the work has ended.")
@with_client
def logs(client: Client, environment: str, goes_on: bool) -> None:
    """Print the log of the newest build, start or stop."""
    found = find(client.api, ENVIRONMENT, environment)
    newest = next(client.api.pages(f"/environments/{found['id']}/operations", limit=1), None)
    if newest is None:
        raise usage(f"{found['name']} has no log.")
    show_log(client, ENVIRONMENT_OPERATIONS, newest, goes_on=goes_on)


def _ask_for(client: Client, environment: Document, verb: str, body: Any = None, *, wait: bool, already: str) -> None:
    answer = client.api.post(f"/environments/{environment['id']}/{verb}", body)
    _told(client, environment, answer["operation"], wait=wait, already=already)


def _told(client: Client, environment: Document, operation: Document | None, *, wait: bool, already: str) -> None:
    if operation is None:
        client.output.done(f"{environment['name']} {already}.", environment)
    else:
        requested(client, ENVIRONMENT_OPERATIONS, operation, wait=wait)


envs = click.Group(
    "envs", commands=[ls, show, create, start, stop, rebuild, rm, logs], help="Developers' environments."
)
