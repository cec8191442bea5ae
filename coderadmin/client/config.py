"""Where one is signed in: CODER_URL and CODER_TOKEN, else a file in the user's config folder that only they read."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import click

from coderadmin.client.errors import NOT_ALLOWED, ClientError, usage

SIGN_IN = "Run: coderadmin login URL, or set CODER_URL and CODER_TOKEN."


@dataclass(frozen=True, kw_only=True)
class Account:
    url: str
    token: str = field(repr=False)


def config_path() -> Path:
    """As the platform wants it: XDG_CONFIG_HOME, Application Support, or AppData."""
    return Path(click.get_app_dir("coderadmin")) / "config.json"


def load_account() -> Account:
    """Raises ClientError. A stored token goes only to the URL that it was stored for."""
    stored = stored_account()
    url = normalise_url(os.environ["CODER_URL"]) if os.environ.get("CODER_URL") else stored.url if stored else ""
    if not url:
        raise ClientError("You are not signed in.", remedy=SIGN_IN, exit_code=NOT_ALLOWED)
    token = os.environ.get("CODER_TOKEN", "").strip()
    if not token and stored and stored.url == url:
        token = stored.token
    if not token:
        raise ClientError(f"You are not signed in to {url}.", remedy=SIGN_IN, exit_code=NOT_ALLOWED)
    return Account(url=url, token=token)


def stored_account() -> Account | None:
    """Raises ClientError for a file that can't be read."""
    path = config_path()
    try:
        document = json.loads(path.read_text("utf-8"))
        return Account(url=document["url"], token=document["token"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = getattr(error, "strerror", None) or "it is no configuration of this program"
        raise ClientError(f"{path} can't be read: {reason}.", remedy="Remove it and sign in again.") from error


def store_account(account: Account) -> None:
    """Mode 0600 from the first byte on; what was there is replaced at once."""
    import tempfile

    path = config_path()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
            json.dump({"url": account.url, "token": account.token}, file)
        Path(file.name).replace(path)
    except OSError as error:
        raise ClientError(f"{path} can't be written: {error.strerror}.") from error


def forget_account() -> None:
    config_path().unlink(missing_ok=True)


def normalise_url(text: str) -> str:
    """`scheme://host[:port]`; https:// may be left out. Raises ClientError."""
    from urllib.parse import urlsplit

    typed = text.strip()
    try:
        parts = urlsplit(typed if "://" in typed else f"https://{typed}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.scheme not in ("http", "https") or parts.path.strip("/") or parts.query or parts.username:
        raise usage(f"{typed} is no address of a deployment.", remedy="Use one such as https://coder.example.com.")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port else "")
