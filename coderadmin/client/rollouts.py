"""Rollouts, of an access URL or of the chart: how they look, and following one to its end."""

import time
from typing import Any

import click

from coderadmin.client.api import Document
from coderadmin.client.errors import INTERRUPTED, ClientError, usage
from coderadmin.client.output import Columns
from coderadmin.client.session import Client
from coderadmin.client.things import PROVIDER, option
from coderadmin.client.waiting import PAUSE, ask, progress

ROLLOUTS = "/rollouts"
STEPS: Columns = [
    ("Provider", "provider_name"),
    ("State", "state"),
    ("Says", "words"),
    ("Failure", "failure"),
    ("You run", "command"),
]


def rollout_options(function: Any) -> Any:
    """Adds --canary and --failure-limit."""
    limit = click.IntRange(1)
    function = click.option(
        "--failure-limit", type=limit, default=1, show_default=True, help="Pause at so many failures."
    )(function)
    return option("--canary", PROVIDER, help="Redeployed first. Left out: the quietest one that is ready.")(function)


def tell_rollout(client: Client, rollout: Document) -> None:
    if not client.output.is_for_people:
        client.output.document(rollout)
        return
    client.output.done(f"{rollout['state'].capitalize()}: {rollout['progress']}. {rollout['pause_reason']}".strip())
    client.output.rows(rollout["steps"], STEPS, empty="No provider is part of it.")


def step_path(rollout: Document, provider: str, *, program: str) -> str:
    """Of the step that is about `provider`, a name or an id. `program`: such as `coderadmin upgrades`."""
    for step in rollout["steps"]:
        if provider.casefold() in (step["provider_name"].casefold(), (step["provider"] or {}).get("id")):
            return f"{ROLLOUTS}/{rollout['id']}/steps/{step['id']}"
    raise usage(f"{provider} is not part of it.", remedy=f"See: {program} status")


def follow_rollout(client: Client, rollout: Document, title: str, *, program: str) -> Document:
    """Each step as it moves, until nothing does; the rollout as it is then. Raises ClientError when it pauses."""
    try:
        return _followed(client, rollout, title, program)
    except KeyboardInterrupt:
        raise ClientError("The work goes on.", remedy=f"See: {program} status", exit_code=INTERRUPTED) from None


def _followed(client: Client, rollout: Document, title: str, program: str) -> Document:
    known: dict[int, str] = {}
    with progress(client, title):
        while True:
            for step in rollout["steps"]:
                if known.get(step["id"]) != step["words"]:
                    known[step["id"]] = step["words"]
                    client.output.note(f"{step['provider_name']}: {step['words']}. {step['failure']}".strip())
            if rollout["state"] == "paused":
                remedy = f"Then: {program} retry, skip or resume"
                raise ClientError(f"Paused. {rollout['pause_reason']}", remedy=remedy)
            if not rollout["is_active"]:
                return rollout
            time.sleep(PAUSE)
            rollout = ask(client, f"{ROLLOUTS}/{rollout['id']}")
