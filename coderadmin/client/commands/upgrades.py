"""The upgrade board: which providers have an outdated chart, and redeploying them, a few at a time."""

import click

from coderadmin.client.api import Document
from coderadmin.client.errors import AbsentError
from coderadmin.client.output import Columns
from coderadmin.client.rollouts import ROLLOUTS, follow_rollout, rollout_options, step_path, tell_rollout
from coderadmin.client.session import Client, dry_run_option, wait_option, with_client, yes_option
from coderadmin.client.things import PROVIDER, argument, complete, find_id

PROGRAM = "coderadmin upgrades"
COLUMNS: Columns = [
    ("Provider", lambda each: each["provider"]["name"]),
    ("Chart", "chart_version"),
    ("State", "state"),
    ("Redeployed", lambda each: "by its admin" if each["by_hand"] else "by workers"),
]


@click.command()
@click.option("--outdated", is_flag=True, help="Only those whose chart is older than this deployment's.")
@with_client
def ls(client: Client, outdated: bool) -> None:
    """List deployed providers, and whether their chart is this deployment's."""
    found = [each for each in client.api.pages("/upgrades") if not outdated or each["state"] == "outdated"]
    client.output.rows(found, COLUMNS, empty="No chart is outdated." if outdated else "No provider is deployed.")


@click.command()
@click.argument("providers", nargs=-1, shell_complete=complete(PROVIDER))
@rollout_options
@dry_run_option
@wait_option
@yes_option
@with_client
def start(
    client: Client,
    providers: tuple[str, ...],
    canary: str | None,
    failure_limit: int,
    dry_run: bool,
    wait: bool,
    yes: bool,
) -> None:
    """Redeploy PROVIDERS with this deployment's chart, a few at a time; none named: all whose chart is outdated."""
    chosen = [find_id(client.api, PROVIDER, each) for each in providers]
    impact = client.api.get("/upgrades/impact", provider=chosen)
    text = "\n".join([impact["lead"], *(f"- {each}" for each in (*impact["effects"], *impact["stays"]))])
    if dry_run:
        client.output.done(text, impact)
        return
    client.output.note(text)
    client.confirm(f"{impact['title']}?", yes=yes)
    body: Document = {"failure_limit": failure_limit, "providers": chosen or None}
    if canary:
        body["canary"] = find_id(client.api, PROVIDER, canary)
    _went_on(client, client.api.post("/upgrades", body), wait=wait)


@click.command()
@with_client
def status(client: Client) -> None:
    """Show the newest upgrade, and each provider's step."""
    tell_rollout(client, _newest(client))


@click.command()
@with_client
def watch(client: Client) -> None:
    """Follow the newest upgrade until it has ended. Exit code 1: it paused."""
    _went_on(client, _newest(client), wait=True)


@click.command()
@with_client
def pause(client: Client) -> None:
    """Begin no further provider; what is under way goes on to its end."""
    tell_rollout(client, client.api.post(f"{ROLLOUTS}/{_newest(client)['id']}/pause"))


@click.command()
@wait_option
@with_client
def resume(client: Client, wait: bool) -> None:
    """Go on, in spite of what has failed until now."""
    _went_on(client, client.api.post(f"{ROLLOUTS}/{_newest(client)['id']}/resume"), wait=wait)


@click.command()
@click.argument("provider", required=False, shell_complete=complete(PROVIDER))
@with_client
def retry(client: Client, provider: str | None) -> None:
    """Begin what has failed again: PROVIDER, or all that have."""
    rollout = _newest(client)
    path = step_path(rollout, provider, program=PROGRAM) if provider else f"{ROLLOUTS}/{rollout['id']}"
    tell_rollout(client, client.api.post(f"{path}/retry"))


@click.command()
@argument(PROVIDER)
@click.option("--reason", required=True, help="Colleagues read it.")
@yes_option
@with_client
def skip(client: Client, provider: str, reason: str, yes: bool) -> None:
    """Go on without PROVIDER."""
    path = step_path(_newest(client), provider, program=PROGRAM)
    client.confirm(f"Skip {provider}? It keeps the chart that it has.", yes=yes)
    tell_rollout(client, client.api.post(f"{path}/skip", {"reason": reason}))


@click.command("call-off")
@yes_option
@with_client
def call_off(client: Client, yes: bool) -> None:
    """End the upgrade here. What is redeployed stays so."""
    rollout = _newest(client)
    client.confirm("Call off the upgrade? The others keep the chart that they have.", yes=yes)
    tell_rollout(client, client.api.post(f"{ROLLOUTS}/{rollout['id']}/call-off"))


def _newest(client: Client) -> Document:
    for each in client.api.pages(ROLLOUTS):
        if each["kind"] == "upgrade":
            return client.api.get(f"{ROLLOUTS}/{each['id']}")
    raise AbsentError("There was no upgrade yet.", remedy=f"See: {PROGRAM} ls")


def _went_on(client: Client, rollout: Document, *, wait: bool) -> None:
    if not wait:
        client.output.done(
            f"{rollout['state'].capitalize()}: {rollout['progress']}. Watch it: {PROGRAM} watch", rollout
        )
        return
    ended = follow_rollout(client, rollout, "Upgrade", program=PROGRAM)
    client.output.done(f"Ended: {ended['progress']}.", ended)


upgrades = click.Group(
    "upgrades",
    commands=[ls, start, status, watch, pause, resume, retry, skip, call_off],
    help="Providers whose chart is outdated, and redeploying them.",
)
