"""What is done with a provider."""

import time

import click

from coderadmin.client.api import Document
from coderadmin.client.commands.providers.listing import reason_text
from coderadmin.client.errors import ClientError
from coderadmin.client.session import Client, dry_run_option, wait_option, with_client, yes_option
from coderadmin.client.things import PROVIDER, argument, find
from coderadmin.client.waiting import OPERATIONS, PATIENCE, PAUSE, ask, progress, requested


@click.command()
@argument(PROVIDER)
@wait_option
@with_client
def deploy(client: Client, provider: str, wait: bool) -> None:
    """Install or upgrade the Helm release, by a worker of the deployment."""
    found = find(client.api, PROVIDER, provider)
    requested(client, OPERATIONS, client.api.post(f"/providers/{found['id']}/deploy"), wait=wait)


@click.command()
@argument(PROVIDER)
@wait_option
@with_client
def preflight(client: Client, provider: str, wait: bool) -> None:
    """Look at the cluster and write nothing: would a deploy work?"""
    found = find(client.api, PROVIDER, provider)
    requested(client, OPERATIONS, client.api.post(f"/providers/{found['id']}/preflight"), wait=wait)


@click.command()
@argument(PROVIDER)
@wait_option
@with_client
def check(client: Client, provider: str, wait: bool) -> None:
    """Check a provider now. With --wait, exit code 1: it is not ready."""
    found = client.api.post(f"/providers/{find(client.api, PROVIDER, provider)['id']}/check")
    if not wait:
        client.output.done(f"{found['name']} is being checked.", found)
        return
    found = _checked(client, found)
    client.output.done(f"{found['name']}: {found['status']}. {reason_text(found)}".strip(), found)
    if found["status"] != "ready":
        raise ClientError(f"{found['name']} is not ready.")


@click.command()
@argument(PROVIDER)
@click.option("--reason", required=True, help="Colleagues read it, such as: upgrade to Kubernetes 1.36.")
@dry_run_option
@yes_option
@with_client
def cordon(client: Client, provider: str, reason: str, dry_run: bool, yes: bool) -> None:
    """Let no new environments onto a provider. Existing ones go on."""
    found = find(client.api, PROVIDER, provider)
    if show_impact(client, found, "cordon", dry_run=dry_run):
        client.confirm(f"Cordon {found['name']}?", yes=yes)
        changed = client.api.post(f"/providers/{found['id']}/cordon", {"reason": reason})
        client.output.done(f"{changed['name']} is cordoned.", changed)


@click.command()
@argument(PROVIDER)
@with_client
def uncordon(client: Client, provider: str) -> None:
    """Let new environments onto a provider again."""
    changed = client.api.post(f"/providers/{find(client.api, PROVIDER, provider)['id']}/uncordon")
    client.output.done(f"{changed['name']} takes new environments.", changed)


@click.command()
@argument(PROVIDER)
@dry_run_option
@yes_option
@with_client
def default(client: Client, provider: str, dry_run: bool, yes: bool) -> None:
    """Make a provider the default one."""
    found = find(client.api, PROVIDER, provider)
    if show_impact(client, found, "default", dry_run=dry_run):
        client.confirm(f"Make {found['name']} the default provider?", yes=yes)
        changed = client.api.post(f"/providers/{found['id']}/default")
        client.output.done(f"{changed['name']} is the default provider.", changed)


@click.command()
@argument(PROVIDER)
@click.option("--leave-release", is_flag=True, help="Its cluster is out of reach: leave there what is there.")
@dry_run_option
@wait_option
@yes_option
@with_client
def rm(client: Client, provider: str, leave_release: bool, dry_run: bool, wait: bool, yes: bool) -> None:
    """Uninstall a provider's release and delete the provider. Refused while it has environments."""
    found = find(client.api, PROVIDER, provider)
    if show_impact(client, found, "delete", dry_run=dry_run):
        client.confirm(f"Delete {found['name']}?", yes=yes)
        operation = client.api.delete(f"/providers/{found['id']}", leave_release="true" if leave_release else "")
        requested(client, OPERATIONS, operation, wait=wait)


def show_impact(client: Client, provider: Document, of: str, *, dry_run: bool) -> bool:
    """Say whom it would concern; whether to go on."""
    impact = client.api.get(f"/providers/{provider['id']}/impact", of=of)
    sentence = impact_text(impact)
    if dry_run:
        client.output.done(sentence or "It concerns nobody.", impact)
    elif sentence:
        client.output.note(sentence)
    return not dry_run


def impact_text(impact: Document) -> str:
    return " ".join(each for each in (impact["summary"], impact["warning"]) if each)


def _checked(client: Client, provider: Document) -> Document:
    """Once the check has ended. Raises ClientError when none comes."""
    path, begun = f"/providers/{provider['id']}", time.monotonic()
    with progress(client, f"Check of {provider['name']}"):
        while time.monotonic() - begun < PATIENCE:
            found = ask(client, path)
            details = found["details"]
            if details["last_check_at"] and details["last_check_at"] > details["check_requested_at"]:
                return found
            time.sleep(PAUSE)
    raise ClientError(f"No check of {provider['name']} has ended in {PATIENCE} seconds.", remedy="Do the workers run?")
