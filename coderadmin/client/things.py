"""From a name or an id to the thing: what people type, and what the API wants."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from coderadmin.client.api import Api, Document
from coderadmin.client.errors import AbsentError, ClientError, usage

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
COMPLETION_SECONDS = 3


@dataclass(frozen=True, kw_only=True)
class Kind:
    """`key` is the field that people type; `listing` the command that lists them."""

    path: str
    word: str
    listing: str
    key: str = "name"


PROVIDER = Kind(path="/providers", word="provider", listing="coderadmin providers ls")
ORGANIZATION = Kind(path="/organizations", word="organization", listing="coderadmin orgs ls")
USER = Kind(path="/users", word="user", listing="coderadmin users ls", key="email")
TOKEN = Kind(path="/tokens", word="token", listing="coderadmin tokens ls")
SESSION = Kind(path="/me/sessions", word="session", listing="coderadmin sessions ls", key="id")
FACTOR = Kind(path="/me/second-factors", word="second factor", listing="coderadmin factors ls", key="factor")
ENVIRONMENT = Kind(path="/environments", word="environment", listing="coderadmin envs ls")


def find(api: Api, kind: Kind, text: str, **query: Any) -> Document:
    """The whole thing. Raises AbsentError, and ClientError when several have the name."""
    if ID.fullmatch(text):
        return api.get(f"{kind.path}/{text}")
    wanted = text.strip().casefold()
    if not wanted:
        raise usage(f"Name the {kind.word}.", remedy=f"They are listed by: {kind.listing}")
    found = [each for each in api.pages(kind.path, q=text, **query) if str(each[kind.key]).casefold() == wanted]
    none = f"There is no {kind.word} {text}, or it is not yours to see."
    return only_one(found, kind, none=none, several=f"are named {text}")


def only_one(found: Sequence[Document], kind: Kind, *, none: str, several: str) -> Document:
    """Of those that fit what was typed. Raises AbsentError, and ClientError when there are several."""
    if not found:
        raise AbsentError(none, remedy=f"Try: {kind.listing}")
    if len(found) > 1:
        ids = ", ".join(str(each["id"]) for each in found)
        raise usage(f"{len(found)} {several}.", remedy=f"Give the id of one: {ids}")
    return found[0]


def find_id(api: Api, kind: Kind, text: str) -> str:
    """No request for what is an id already."""
    return text if ID.fullmatch(text) else str(find(api, kind, text)["id"])


def complete(kind: Kind) -> Callable[[click.Context, click.Parameter, str], list["CompletionItem"]]:
    """Tab completion from the deployment; silent when it can't be asked."""

    def names(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
        from click.shell_completion import CompletionItem

        from coderadmin.client.config import load_account

        try:
            with Api(load_account(), note=lambda line: None, patience=COMPLETION_SECONDS) as api:
                found = [str(each[kind.key]) for each in api.pages(kind.path, q=incomplete, limit=200)]
        except ClientError:
            return []
        return [CompletionItem(name) for name in found if name.startswith(incomplete)]

    return names


def argument(kind: Kind, name: str = "") -> Callable[..., Any]:
    """`NAME_OR_ID` of such a thing."""
    return click.argument(name or kind.word, shell_complete=complete(kind))


def option(flag: str, kind: Kind, **settings: Any) -> Callable[..., Any]:
    return click.option(flag, metavar="NAME_OR_ID", shell_complete=complete(kind), **settings)
