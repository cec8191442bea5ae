"""The way into an environment: whether it is open now, and where it leads."""

import re
from urllib.parse import quote, unquote, urlencode

from django.core.exceptions import BadRequest

from environments.choices import EnvironmentStatus
from environments.models import Environment

LONGEST_PATH = 2000  # characters; encoded, in an address that browsers and proxies take
REMEDIES = {
    EnvironmentStatus.OFF: "Start it, then open it.",
    EnvironmentStatus.CREATING: "Wait until it is on.",
    EnvironmentStatus.FAILED: "Read below why it does not run, then start or rebuild it.",
    EnvironmentStatus.UNKNOWN: "Wait until its cluster answers again.",
}
NO_ENVPROXY = "no envproxy has called home from {provider} yet, and it is the way in."
STATE = re.compile(r"[A-Za-z0-9_-]{16,64}")
KEPT_IN_URLS = "/?#%&=+:;@!$'()*,~[]"
SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f\ud800-\udfff]")


def refusal_to_open(environment: Environment) -> str:
    """Ends the sentence “Open: …” when nobody gets in now, else empty. Its provider must be loaded."""
    if environment.provider.last_beat_at is None:
        return NO_ENVPROXY.format(provider=environment.provider.name)
    if environment.status != EnvironmentStatus.ON:
        return f"it is {environment.get_status_display().lower()}."
    return ""


def remedy_to_open(environment: Environment) -> str:
    """What to do about `refusal_to_open`."""
    if environment.provider.last_beat_at is None:
        return "Ask a site manager about this provider."
    return REMEDIES.get(EnvironmentStatus(environment.status), "")


def clean_path(text: str) -> str:
    """Where to go inside the environment: path and query, relative to its start page. Raises BadRequest.

    It can't lead out: no scheme, no empty or dot segment (browsers read `%2e` as a dot), no backslash, no control
    character and no space. What comes behind the question mark leads nowhere by itself.
    """
    text = text.removeprefix("/")
    path, _, _ = re.sub("[?#]", "\0", text, count=1).partition("\0")
    segments = [unquote(segment) for segment in path.split("/")]
    leads_out = SCHEME.match(path) or any(segment in (".", "..") for segment in segments) or "" in segments[:-1]
    if leads_out or "\\" in text or CONTROL.search(text) or len(text) > LONGEST_PATH:
        raise BadRequest("This path does not lead into an environment.")
    return text


def clean_state(text: str) -> str:
    """What envproxy recognises the browser by that asked it; empty when it was not asked. Raises BadRequest."""
    if text and not STATE.fullmatch(text):
        raise BadRequest("This is no state of envproxy's.")
    return text


def environment_url(environment: Environment, *, path: str) -> str:
    """Where envproxy serves it, and asks us for a sign-in if that is needed. Its provider must be loaded."""
    envproxy = environment.provider.served_envproxy_access_url
    return f"{envproxy}/environments/{environment.pk}/{quote(path, safe=KEPT_IN_URLS)}"


def sign_in_url(environment: Environment, *, ticket: str, state: str, path: str) -> str:
    """Where envproxy redeems the ticket, in the browser that has the state. Its provider must be loaded."""
    query = urlencode({"ticket": ticket, "environment": environment.pk, "state": state, "path": path})
    return f"{environment.provider.served_envproxy_access_url}/sign-in?{query}"
