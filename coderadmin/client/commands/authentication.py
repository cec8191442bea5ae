"""How people sign in: the ways, and the sign-in service that speaks OpenID Connect."""

from typing import Any

import click

from coderadmin.client.api import Document
from coderadmin.client.commands.providers.registering import FILE, read
from coderadmin.client.errors import usage
from coderadmin.client.output import Columns
from coderadmin.client.secrets import asked_secret
from coderadmin.client.session import Client, with_client, yes_option
from coderadmin.client.things import ORGANIZATION, USER, find_id, option

PATH, OWN_LINK = "/authentication", "/me/link"
PATIENCE = 120  # seconds: the sign-in service is tried before anything is stored
RULE = {"value", "site_role", "organization", "organization_role"}
WAYS = {"built_in": "Built-in sign-in", "openid_connect": "OpenID Connect"}
FIELDS: Columns = [
    (WAYS["built_in"], lambda each: _on(each["built_in"])),
    (WAYS["openid_connect"], lambda each: _on(each["openid_connect"])),
    ("Issuer", "issuer"),
    ("Client ID", "client_id"),
    ("Client secret", lambda each: "stored" if each["has_client_secret"] else ""),
    ("Scopes", "scopes"),
    ("Button", "button_label"),
    ("Makes accounts", "creates_accounts"),
    ("Claim of groups", "groups_claim"),
    ("Redirect URIs", lambda each: " ".join(each["redirect_uris"])),
]
OFF = {
    "built_in": "Nobody but the site admin signs in with a password any more.",
    "openid_connect": "Nobody signs in that way any more; people without a password can't sign in at all.",
}


@click.command()
@with_client
def show(client: Client) -> None:
    """Show how people sign in, and which roles the claim of groups gives. The client secret is never shown."""
    found = client.api.get(PATH)
    client.output.one(found, FIELDS)
    if client.output.is_for_people and found["rules"]:
        client.output.rows(_rules_in_words(client, found["rules"]), [("Value", "value"), ("Gives", "gives")], empty="")


@click.command()
@click.option("--issuer", help="Exactly as the sign-in service names it, https.")
@click.option("--client-id", help="Of this deployment at the sign-in service.")
@click.option("--client-secret", "wants_secret", is_flag=True, help="Ask for the client secret.")
@click.option("--client-secret-stdin", "secret_stdin", is_flag=True, help="Read that secret from stdin.")
@click.option("--scopes", help="With a space between them; openid and email are needed.")
@click.option("--button-label", help="On the sign-in page.")
@click.option("--creates-accounts/--no-creates-accounts", default=None, help="At the first sign-in.")
@click.option("--groups-claim", help="Its values give roles. A dot leads into a claim: realm_access.roles.")
@click.option("--rules", type=FILE, help="YAML file with all rules, as `show -o yaml` prints them; - for stdin.")
@with_client
def edit(client: Client, wants_secret: bool, secret_stdin: bool, rules: str | None, **given: Any) -> None:
    """Change what is named of the sign-in service, and nothing else. It is tried first: what fails changes nothing.

    A rule has a value of the claim, and what it gives: site_role, or organization and organization_role. Another
    client needs its secret, too.
    """
    client.api.patience = PATIENCE
    if secret_stdin and rules == "-":
        raise usage("The secret and the rules can't both come from stdin.")
    body = {name: value for name, value in given.items() if value is not None}
    if wants_secret or secret_stdin:
        remedy = "Pipe it in with --client-secret-stdin."
        body["client_secret"] = asked_secret("client secret", from_stdin=secret_stdin, remedy=remedy)
    if rules:
        body["rules"] = _rules(client, rules)
    if not body:
        raise usage("Nothing to change is named.", remedy="See: coderadmin authentication edit --help")
    client.output.done("The sign-in service was tried and is saved.", client.api.patch(f"{PATH}/openid-connect", body))


@click.command()
@click.option("--built-in/--no-built-in", default=None, help="Passwords of this deployment.")
@click.option("--openid-connect/--no-openid-connect", default=None, help="The sign-in service.")
@click.option("--way-in", help="How you would get in without a password, if you never came by OpenID Connect.")
@yes_option
@with_client
def switch(client: Client, way_in: str | None, yes: bool, **given: bool | None) -> None:
    """Switch the ways in on and off. Whoever is signed in stays so; API tokens go on to work."""
    body: Document = {name: on for name, on in given.items() if on is not None}
    if not body:
        raise usage("Name a way in.", remedy="Such as: coderadmin authentication switch --openid-connect")
    ends = " ".join(text for name, text in OFF.items() if body.get(name) is False)
    if ends:
        client.confirm(f"{ends} Switch it off?", yes=yes)
    now = client.api.patch(PATH, body | ({"way_in": way_in} if way_in else {}))
    ways = [f"{word} is {_on(now[name])}" for name, word in WAYS.items()]
    client.output.done(f"{'; '.join(ways)}.", now)


@click.command()
@option("--user", USER, help="Of this person. Left out: yours.")
@yes_option
@with_client
def unlink(client: Client, user: str | None, yes: bool) -> None:
    """Let the account of the sign-in service not open yours, or another person's, any more. Linking takes a browser."""
    path, whose = (f"/users/{find_id(client.api, USER, user)}/link", f"that of {user}") if user else (OWN_LINK, "yours")
    client.confirm(f"Unlink the account of the sign-in service that opens {whose}?", yes=yes)
    client.api.delete(path)
    client.output.done(f"No account of the sign-in service opens {whose}.")


def _on(is_on: bool) -> str:
    return "on" if is_on else "off"


def _rules(client: Client, path: str) -> list[Document]:
    """From the file, with the ids of the organizations. Raises ClientError."""
    import yaml

    try:
        rules = yaml.safe_load(read(path))
    except yaml.YAMLError as error:
        raise usage(f"{path} is no YAML: {error}") from error
    if isinstance(rules, dict) and "rules" in rules:  # all of what `show` prints
        rules = rules["rules"]
    if not isinstance(rules, list) or not all(isinstance(each, dict) and set(each) <= RULE for each in rules):
        raise usage(f"{path} must hold a list of rules, each with some of: {', '.join(sorted(RULE))}.")
    return [_with_id(client, each) for each in rules]


def _with_id(client: Client, rule: Document) -> Document:
    name = rule.get("organization")
    return rule | {"organization": find_id(client.api, ORGANIZATION, str(name))} if name else rule


def _rules_in_words(client: Client, rules: list[Document]) -> list[Document]:
    """An organization that is not theirs to see stays an id."""
    names = {each["id"]: each["name"] for each in client.api.pages("/organizations")}
    return [
        {
            "value": each["value"],
            "gives": each["site_role"]
            or f"{each['organization_role']} of {names.get(each['organization'], each['organization'])}",
        }
        for each in rules
    ]
