"""Signing in to a deployment, and who one is there."""

import click

from coderadmin.client.api import Api, Document
from coderadmin.client.config import Account, forget_account, normalise_url, store_account, stored_account
from coderadmin.client.output import Columns, when
from coderadmin.client.secrets import asked_secret
from coderadmin.client.session import Client, with_client

LOCAL = ("http://127.", "http://localhost", "http://[::1]")


@click.command()
@click.argument("url", envvar="CODER_URL")
@click.option("--email", help="Sign in with e-mail and password; the password is asked for.")
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the token, or with --email the password, from stdin.")
@with_client
def login(client: Client, url: str, email: str | None, from_stdin: bool) -> None:
    """Sign in to the deployment at URL, with an API token or with e-mail and password.

    Make a token on the page Your account, API tokens. It is stored in your config folder, for you alone.
    """
    url = normalise_url(url)
    if url.startswith("http:") and not url.startswith(LOCAL):
        client.output.note(f"Warning: everybody on the way to {url} can read the token. Use https.")
    remedy = "Pipe it in with --stdin, or set CODER_TOKEN."
    secret = asked_secret("password" if email else "API token", from_stdin=from_stdin, remedy=remedy)
    token = _token_for(client, url, email, secret) if email else secret.strip()
    account = Account(url=url, token=token)
    with Api(account, note=client.trace) as api:
        me = api.get("/me")
    store_account(account)
    client.output.done(f"Signed in to {url} as {me['email']} ({me['site_role']}).", me)


@click.command()
@with_client
def logout(client: Client) -> None:
    """Forget the stored token. It stays valid: end it with `tokens revoke`."""
    account = stored_account()
    forget_account()
    client.output.done(f"Signed out of {account.url}." if account else "Nobody was signed in.")


@click.command()
@with_client
def whoami(client: Client) -> None:
    """Show who you are, and what your token may do."""
    me = client.api.get("/me")
    fields: Columns = [
        ("Deployment", lambda _: client.api.account.url),
        ("E-mail", "email"),
        ("Name", "name"),
        ("Role", "site_role"),
        ("Organizations", lambda each: ", ".join(f"{one['name']} ({one['role']})" for one in each["organizations"])),
        ("Token", lambda each: (each["token"] or {}).get("name")),
        ("Scopes", lambda each: ", ".join((each["token"] or {}).get("scopes", []))),
        ("Expires", lambda each: when("expires_at")(each["token"] or {})),
    ]
    client.output.one(me, fields)


def _token_for(client: Client, url: str, email: str, password: str) -> str:
    """A token of the same kind that the original command line gets."""
    with Api(Account(url=url, token=""), note=client.trace) as api:
        body = {"email": email, "password": password}
        answer: Document = api.request("POST", "/auth/basic/login", body=body, root="")
    return str(answer["session_token"])
