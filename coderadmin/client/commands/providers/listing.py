"""Looking at providers."""

from typing import Any

import click

from coderadmin.client.api import Document
from coderadmin.client.errors import usage
from coderadmin.client.output import Columns, when
from coderadmin.client.session import Client, limit_option, with_client
from coderadmin.client.things import PROVIDER, argument, find
from coderadmin.client.waiting import OPERATIONS, show_log


def _status(each: Document) -> str:
    unchecked = (each["details"] or {}).get("unchecked_since")
    marks = [each["status"], "cordoned" if each["cordon"] else "", "not checked lately" if unchecked else ""]
    return ", ".join(filter(None, marks))


def detail(name: str) -> Any:
    """Of what only those see who manage providers."""
    return lambda each: (each["details"] or {}).get(name)


def moment(name: str) -> Any:
    return lambda each: when(name)(each["details"] or {})


def reason_text(each: Document) -> str:
    reason = (each["details"] or {}).get("reason")
    return f"{reason['title']}. {reason['message']} {reason['remedy']}" if reason else ""


COLUMNS: Columns = [
    ("Name", "name"),
    ("Status", _status),
    ("Default", lambda each: "yes" if each["is_default"] else ""),
    ("Kubernetes", detail("kubernetes_version")),
    ("Environments", detail("environment_count")),
    ("Under way", detail("active_operation")),
    ("Hostname", "hostname"),
]
FIELDS: Columns = [
    ("Name", "name"),
    ("Status", _status),
    ("Since", moment("status_since")),
    ("Reason", reason_text),
    (
        "Cordoned",
        lambda each: f"{each['cordon']['reason']} ({when('since')(each['cordon'])})" if each["cordon"] else "",
    ),
    ("Default", "is_default"),
    ("Built-in", "built_in"),
    ("Hostname", "hostname"),
    ("Dev URLs", "devurl_host"),
    ("SSH", "ssh_enabled"),
    ("Cluster", detail("cluster_address")),
    ("Namespace", detail("namespace")),
    ("Credential", detail("credential_kind")),
    ("Kubernetes", detail("kubernetes_version")),
    ("Chart", detail("chart_version")),
    ("Deployed", moment("deployed_at")),
    ("Last check", moment("last_check_at")),
    ("Last beat", moment("last_beat_at")),
    ("Access URL in use", detail("last_beat_access_url")),
    ("Environments", detail("environment_count")),
    ("Under way", detail("active_operation")),
    ("Storage class", detail("storage_class")),
    ("Tolerations", detail("tolerations")),
    ("Node selector", detail("node_selector")),
    ("Affinity", detail("affinity")),
    ("Annotations", detail("service_account_annotations")),
    ("envproxy image", detail("envproxy_image")),
    ("envproxy replicas", detail("envproxy_replicas")),
    ("Id", "id"),
]


@click.command()
@click.option("-q", "--search", "q", help="Part of the name or address.")
@click.option("--status", type=click.Choice(["ready", "error", "pending", "cordoned"]), help="Only in this state.")
@limit_option
@with_client
def ls(client: Client, q: str | None, status: str | None, limit: int) -> None:
    """List providers, by name."""
    found = client.api.pages("/providers", limit=limit, q=q, status=status)
    client.output.rows(found, COLUMNS, empty="No provider fits.")


@click.command()
@argument(PROVIDER)
@with_client
def show(client: Client, provider: str) -> None:
    """Show a provider: its status, why, and what to do about it."""
    client.output.one(find(client.api, PROVIDER, provider), FIELDS)


@click.command()
@argument(PROVIDER)
@click.option("-f", "--follow", "goes_on", is_flag=True, help="Go on until the operation has ended.")
@with_client
def logs(client: Client, provider: str, goes_on: bool) -> None:
    """Print the log of the newest operation."""
    found = find(client.api, PROVIDER, provider)
    newest = next(client.api.pages(OPERATIONS, limit=1, provider=found["id"]), None)
    if newest is None:
        raise usage(f"{found['name']} has had no operation yet.")
    show_log(client, OPERATIONS, newest, goes_on=goes_on)
