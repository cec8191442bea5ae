"""The access URL of the deployment, and its change as a migration that can be watched."""

import time

import click

from coderadmin.client.api import Document
from coderadmin.client.errors import REFUSED, AbsentError, ClientError
from coderadmin.client.output import Columns, when
from coderadmin.client.rollouts import ROLLOUTS, follow_rollout, rollout_options, step_path, tell_rollout
from coderadmin.client.session import Client, dry_run_option, wait_option, with_client, yes_option
from coderadmin.client.things import PROVIDER, argument, complete, find_id
from coderadmin.client.waiting import PAUSE, ask, progress

CHANGES = "/access-url/changes"
PROGRAM = "coderadmin access-url"
PATIENCE = 120  # seconds until findings must be there


@click.command()
@with_client
def status(client: Client) -> None:
    """Show the access URL, the change that is under way, and each provider's step."""
    found = client.api.get("/access-url")
    change = client.api.get(f"{CHANGES}/{found['change']['id']}") if found["change"] else None
    if not client.output.is_for_people:
        client.output.document(found | {"change": change})
        return
    fields: Columns = [
        ("Access URL", "url"),
        ("Since", when("since")),
        ("Set by", "set_by_name"),
        ("Also accepted", "accepted"),
    ]
    client.output.one(found, fields)
    if change:
        _show_change(client, change)


@click.command()
@click.argument("url")
@wait_option
@with_client
def plan(client: Client, url: str, wait: bool) -> None:
    """Plan a change to URL and have it examined. Nothing is switched. The same plan again is the same."""
    change = client.api.post(CHANGES, {"new_url": url})
    if wait:
        change = _examined(client, change)
    if client.output.is_for_people:
        _show_change(client, change)
    else:
        client.output.document(change)
    if wait and change["switch_refusal"]:
        raise ClientError(change["switch_refusal"], exit_code=REFUSED)


@click.command()
@rollout_options
@click.option("--warnings-read", is_flag=True, help="There are warnings among the findings, and you have read them.")
@dry_run_option
@wait_option
@yes_option
@with_client
def change(
    client: Client, canary: str | None, failure_limit: int, warnings_read: bool, dry_run: bool, wait: bool, yes: bool
) -> None:
    """Switch to the planned URL and redeploy every provider, a few at a time. Both URLs are answered until finish."""
    found = _examined(client, _active(client))
    _require_read(client, found, warnings_read=warnings_read)
    body: Document = {"failure_limit": failure_limit, "warnings_read": warnings_read}
    if canary:
        body["canary"] = find_id(client.api, PROVIDER, canary)
    if _ask_about(client, found, "switch", dry_run=dry_run, yes=yes):
        _went_on(client, client.api.post(f"{CHANGES}/{found['id']}/switch", body), wait=wait)


@click.command()
@dry_run_option
@yes_option
@with_client
def finish(client: Client, dry_run: bool, yes: bool) -> None:
    """Refuse the old URL from now on. Only once every provider is confirmed or skipped."""
    found = _active(client)
    if _ask_about(client, found, "finish", dry_run=dry_run, yes=yes):
        done = client.api.post(f"{CHANGES}/{found['id']}/finish")
        hint = (
            f" Sign in there: coderadmin login {done['new_url']}" if client.api.account.url == done["old_url"] else ""
        )
        client.output.done(f"Finished. You can remove the DNS records of {done['old_url']}.{hint}", done)


@click.command()
@dry_run_option
@wait_option
@yes_option
@with_client
def rollback(client: Client, dry_run: bool, wait: bool, yes: bool) -> None:
    """Go back to the old URL, and redeploy what has the new one."""
    found = _active(client)
    if _ask_about(client, found, "rollback", dry_run=dry_run, yes=yes):
        _went_on(client, client.api.post(f"{CHANGES}/{found['id']}/rollback"), wait=wait)


@click.command()
@dry_run_option
@yes_option
@with_client
def drop(client: Client, dry_run: bool, yes: bool) -> None:
    """End a plan that was not switched."""
    found = _active(client)
    if _ask_about(client, found, "drop", dry_run=dry_run, yes=yes):
        done = client.api.post(f"{CHANGES}/{found['id']}/drop")
        client.output.done(f"The plan is dropped. {done['old_url']} stays the access URL.", done)


@click.command()
@with_client
def pause(client: Client) -> None:
    """Begin no further provider; what is under way goes on to its end."""
    tell_rollout(client, client.api.post(f"{ROLLOUTS}/{_rollout(client)['id']}/pause"))


@click.command()
@wait_option
@with_client
def resume(client: Client, wait: bool) -> None:
    """Go on, in spite of what has failed until now."""
    done = client.api.post(f"{ROLLOUTS}/{_rollout(client)['id']}/resume")
    if wait:
        _went_on(client, _active(client), wait=True)
    else:
        tell_rollout(client, done)


@click.command()
@click.argument("provider", required=False, shell_complete=complete(PROVIDER))
@with_client
def retry(client: Client, provider: str | None) -> None:
    """Begin what has failed again: PROVIDER, or all that have."""
    rollout = _rollout(client)
    path = step_path(rollout, provider, program=PROGRAM) if provider else f"{ROLLOUTS}/{rollout['id']}"
    tell_rollout(client, client.api.post(f"{path}/retry"))


@click.command()
@argument(PROVIDER)
@click.option("--reason", required=True, help="Colleagues read it.")
@yes_option
@with_client
def skip(client: Client, provider: str, reason: str, yes: bool) -> None:
    """Go on without PROVIDER; redeploy it yourself later."""
    rollout = _rollout(client)
    path = step_path(rollout, provider, program=PROGRAM)
    client.confirm(f"Skip {provider}? It keeps the access URL that it has.", yes=yes)
    tell_rollout(client, client.api.post(f"{path}/skip", {"reason": reason}))


def _active(client: Client) -> Document:
    found = client.api.get("/access-url")["change"]
    if found is None:
        raise AbsentError(
            "No change of the access URL is under way.", remedy="Plan one: coderadmin access-url plan URL"
        )
    return client.api.get(f"{CHANGES}/{found['id']}")


def _rollout(client: Client) -> Document:
    rollout: Document | None = _active(client)["rollout"]
    if rollout is None:
        raise AbsentError("No provider is being redeployed.", remedy="Switch first: coderadmin access-url change")
    return rollout


def _examined(client: Client, change: Document) -> Document:
    """With its findings. Raises ClientError when none come."""
    begun = time.monotonic()
    with progress(client, f"Examining {change['new_url']}"):
        while change["is_checking"]:
            if time.monotonic() - begun > PATIENCE:
                raise ClientError(f"{change['new_url']} was not examined in time.", remedy="Do the workers run?")
            time.sleep(PAUSE)
            change = ask(client, f"{CHANGES}/{change['id']}")
    return change


def _require_read(client: Client, change: Document, *, warnings_read: bool) -> None:
    """Raises ClientError after showing warnings that nobody has read."""
    warnings = [finding for finding in change["findings"] if finding["level"] == "warning"]
    if not warnings or warnings_read:
        return
    for finding in warnings:
        client.output.note(f"Warning: {finding['detail']} {finding['remedy']}")
    raise ClientError("There are warnings.", remedy="If you have read them: add --warnings-read.", exit_code=REFUSED)


def _ask_about(client: Client, change: Document, of: str, *, dry_run: bool, yes: bool) -> bool:
    """Say what it would do; whether to go on."""
    impact = client.api.get(f"{CHANGES}/{change['id']}/impact", of=of)
    text = "\n".join(f"- {each}" for each in (*impact["effects"], *impact["stays"]))
    if dry_run:
        client.output.done(text, impact)
        return False
    client.output.note(text)
    client.confirm(f"{impact['title']}?", yes=yes)
    return True


def _went_on(client: Client, change: Document, *, wait: bool) -> None:
    if not wait:
        client.output.done(f"{change['state']}. Watch it: coderadmin access-url status", change)
        return
    while change["rollout"] and change["rollout"]["is_active"]:
        follow_rollout(client, change["rollout"], f"Change to {change['new_url']}", program=PROGRAM)
        change = ask(client, f"{CHANGES}/{change['id']}")
    client.output.done(_outcome(change), change)


def _outcome(change: Document) -> str:
    if change["state"] == "confirmed":
        return f"Every provider uses {change['new_url']}. End it: coderadmin access-url finish"
    return f"The change to {change['new_url']} is {change['state']}."


def _show_change(client: Client, change: Document) -> None:
    fields: Columns = [
        ("Change to", "new_url"),
        ("State", lambda each: "being examined" if each["is_checking"] else each["state"]),
        ("By", "requested_by_name"),
        ("Not yet", "switch_refusal"),
        ("Last request by the old URL", when("last_request_at")),
    ]
    client.output.one(change, fields)
    if change["findings"]:
        findings: Columns = [("Finding", "level"), ("About", "label"), ("Says", "detail"), ("Next step", "remedy")]
        client.output.rows(change["findings"], findings, empty="")
    if change["rollout"]:
        tell_rollout(client, change["rollout"])
    elif change["fates"]:
        fates: Columns = [("Provider", lambda each: each["provider"]["name"]), ("What will happen", "words")]
        client.output.rows(change["fates"], fates, empty="")


access_url = click.Group(
    "access-url",
    commands=[status, plan, change, finish, rollback, drop, pause, resume, retry, skip],
    help="The deployment's public URL, and its change.",
)
