"""Registering a provider and editing it. Secrets come from files, stdin or a prompt, never from an argument."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from coderadmin.client.api import Document
from coderadmin.client.errors import usage
from coderadmin.client.secrets import asked_secret
from coderadmin.client.session import Client, with_client, yes_option
from coderadmin.client.things import PROVIDER, argument, find

SCHEDULING = ("tolerations", "node_selector", "affinity", "service_account_annotations")
TEXTS = {
    "hostname": "A subdomain of the access URL.",
    "devurl_host": "Where developers' ports are served.",
    "cluster_address": "The Kubernetes API server, https.",
    "namespace": "Where environments run.",
    "context": "Of a kubeconfig that has several.",
    "storage_class": "For the disks of environments.",
    "envproxy_image": "For clusters with a registry of their own.",
}
FILE = click.Path(dir_okay=False, allow_dash=True)


def provider_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """What registering and editing share."""
    for option in reversed(
        [
            *(click.option(f"--{name.replace('_', '-')}", name, help=text) for name, text in TEXTS.items()),
            click.option("--ssh/--no-ssh", "ssh_enabled", default=None, help="Allow SSH to environments."),
            click.option("--envproxy-replicas", type=click.IntRange(1, 10), help="How many envproxies."),
            click.option("--kubeconfig", type=FILE, help="A file with everything inline; - for stdin."),
            click.option("--ca", type=FILE, help="PEM file of the cluster's CA."),
            click.option("--token", "wants_token", is_flag=True, help="Ask for a service account's token."),
            click.option("--token-stdin", is_flag=True, help="Read that token from stdin."),
            click.option("--scheduling", type=FILE, help=f"YAML file with any of {', '.join(SCHEDULING)}."),
        ]
    ):
        function = option(function)
    return function


@click.command()
@click.argument("name")
@click.option(
    "--way",
    type=click.Choice(["kubeconfig", "fields", "enrolment"]),
    help="How the cluster is reached. Left out: told by the other options; enrolment without any.",
)
@provider_options
@with_client
def create(client: Client, name: str, way: str | None, **given: Any) -> None:
    """Register a provider, with a kubeconfig, with address and token, or by enrolment.

    Enrolment: you run Helm yourself. Its values file, with the token, is printed this once on stdout:

    coderadmin providers create sydney --cluster-address https://203.0.113.7:6443 --namespace coder > values.yaml
    """
    body = fields_of(given, way or _way_of(given) or "enrolment")
    made = client.api.post("/providers", {"name": name} | body)
    if made["enrolment"]:
        client.output.note(f"{made['name']} is registered.")
        hand_over(client, made["enrolment"], made)
    else:
        client.output.done(f"{made['name']} is registered. Deploy it: coderadmin providers deploy {made['name']}", made)


@click.command()
@argument(PROVIDER)
@provider_options
@with_client
def edit(client: Client, provider: str, **given: Any) -> None:
    """Change what is named, and nothing else. An empty text takes a value away.

    Changes of Helm values reach the cluster with the next deploy.
    """
    body = fields_of(given, _way_of(given))
    if not body:
        raise usage("Nothing to change is named.", remedy="See: coderadmin providers edit --help")
    found = find(client.api, PROVIDER, provider)
    changed = change(client, found, body)
    client.output.done(f"{changed['name']} is changed.", changed)


@click.command()
@argument(PROVIDER)
@click.argument("name")
@with_client
def rename(client: Client, provider: str, name: str) -> None:
    """Give a provider another name. Its id, environments and hostname stay."""
    found = find(client.api, PROVIDER, provider)
    changed = change(client, found, {"name": name})
    client.output.done(f"{found['name']} is {changed['name']} now.", changed)


@click.command("rotate-token")
@argument(PROVIDER)
@yes_option
@with_client
def rotate_token(client: Client, provider: str, yes: bool) -> None:
    """Make a new envproxy token for those who run Helm themselves, printed this once with the values file.

    The old one works until the new one is first used, at most a day.
    """
    found = find(client.api, PROVIDER, provider)
    client.confirm(f"Make a new envproxy token for {found['name']}? The old one ends once it is used.", yes=yes)
    handover = client.api.post(f"/providers/{found['id']}/tokens")
    hand_over(client, handover, handover)


def hand_over(client: Client, handover: Document, document: Document) -> None:
    """The values file alone on stdout, beside it what to do with it."""
    sentence = f"Save what follows as {handover['values_file_name']}, then run: {handover['command']}"
    client.output.secret(handover["values_file"].rstrip("\n"), sentence, document)


def change(client: Client, provider: Document, body: Document) -> Document:
    """Refused when somebody else changed the provider since it was looked up."""
    details = provider["details"] or {}
    return client.api.patch(f"/providers/{provider['id']}", body, revision=details.get("revision"))


def fields_of(given: dict[str, Any], way: str | None) -> Document:
    """The body of what was given. Raises ClientError for files that can't be read."""
    body = {name: given[name] for name in (*TEXTS, "ssh_enabled", "envproxy_replicas") if given[name] is not None}
    if given["scheduling"]:
        body |= _scheduling(given["scheduling"])
    if given["ca"]:
        body["ca_pem"] = read(given["ca"])
    if way in ("kubeconfig", "fields"):
        body["way"] = way
    if way == "kubeconfig":
        body["kubeconfig"] = read(given["kubeconfig"] or _needed("--kubeconfig FILE"))
    elif way == "fields":
        body["token"] = _token(from_stdin=given["token_stdin"])
    elif way == "enrolment":
        body["way"] = way
    return body


def read(path: str) -> str:
    """A text file, or stdin for -."""
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise usage(f"{path} can't be read: {getattr(error, 'strerror', None) or 'it is no text'}.") from error


def _way_of(given: dict[str, Any]) -> str | None:
    if given["kubeconfig"]:
        return "kubeconfig"
    return "fields" if given["wants_token"] or given["token_stdin"] else None


def _needed(option: str) -> str:
    raise usage(f"This way needs {option}.")


def _token(*, from_stdin: bool) -> str:
    remedy = "Pipe it in with --token-stdin."
    return asked_secret("token of the service account", from_stdin=from_stdin, remedy=remedy).strip()


def _scheduling(path: str) -> Document:
    import yaml

    try:
        document = yaml.safe_load(read(path))
    except yaml.YAMLError as error:
        raise usage(f"{path} is no YAML: {error}") from error
    if not isinstance(document, dict) or not set(document) <= set(SCHEDULING):
        raise usage(f"{path} may hold these alone: {', '.join(SCHEDULING)}.")
    return document
