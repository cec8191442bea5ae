"""The way of a browser through the control plane's sign-in and back, with a ticket that is good once.

A ticket counts in the browser only that asked for it: else a stranger's link could bring somebody into the stranger's
environment, whose pages have the same origin as those of the person's own.
"""

import re
import secrets
from urllib.parse import quote

from aiohttp import web

from providers.envproxy import pages
from providers.envproxy.config import PREFIX, Config
from providers.envproxy.control_plane import ControlPlane, Refused, Unreachable
from providers.envproxy.headers import COOKIE, SESSION, wants_websocket
from providers.envproxy.upstream import Path

ENVIRONMENT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DOTS = re.compile(r"(\.|%2e){1,2}", re.IGNORECASE)
STATE = re.compile(r"[A-Za-z0-9_-]{16,64}")
STATE_COOKIE = (
    "coderadmin_sign_in_"  # followed by the state; its path is that of the sign-in, so no environment gets it
)
STATE_SECONDS = 600  # for signing in at the control plane
KEPT_IN_URLS = "/?%&=+:;@!$'()*,~[]"


class SignIn:
    def __init__(self, config: Config, control_plane: ControlPlane) -> None:
        self._config = config
        self._control_plane = control_plane

    def environment_url(self, environment: str) -> str:
        """The environment's page at the control plane."""
        return f"{self._config.access_url}/environments/{environment}/"

    def ask_for(self, request: web.BaseRequest, path: Path) -> web.Response:
        """Sends a person to sign in, and tells a program that it is not."""
        open_url = f"{self.environment_url(path.environment)}open/"
        if request.method != "GET" or not pages.accepts_html(request) or wants_websocket(request.headers):
            return pages.unauthorized(request, open_url)
        state = secrets.token_urlsafe(24)
        response = _redirect(f"{open_url}?state={state}&path={quote(path.rest.removeprefix('/'), safe='')}")
        cookie = f"{STATE_COOKIE}{state}=1; Path={PREFIX}/sign-in; Max-Age={STATE_SECONDS}; HttpOnly; SameSite=Lax"
        response.headers["Set-Cookie"] = cookie + self._secure
        return response

    async def redeem(self, request: web.BaseRequest) -> web.Response:
        """Takes the ticket, gives a cookie, and goes on to the environment."""
        query = request.query
        environment = query.get("environment", "")
        if request.method != "GET" or not query.get("ticket") or not ENVIRONMENT.fullmatch(environment):
            return pages.refused(request, "no_ticket", "Open the environment from its page.")
        path = Path(environment, f"/{inner_path(query.get('path', ''))}")
        if not _has_asked(request):
            return _redirect(path.prefix + path.rest)  # which asks for a sign-in, if that is needed
        try:
            session, seconds = await self._session(query["ticket"], environment)
        except Refused:
            return self._no_longer(request, environment)
        except (Unreachable, KeyError, TypeError, ValueError):
            return pages.cut_off(request, self._config.access_url)
        response = _redirect(path.prefix + path.rest)
        cookie = f"{COOKIE}={session}; Path={path.prefix}/; Max-Age={seconds}; HttpOnly; SameSite=Lax"
        response.headers["Set-Cookie"] = cookie + self._secure
        return response

    @property
    def _secure(self) -> str:
        return "; Secure" if self._config.public_scheme == "https" else ""

    async def _session(self, ticket: str, environment: str) -> tuple[str, int]:
        answer = await self._control_plane.post("sessions", {"ticket": ticket})
        session = str(answer["session"])
        if not SESSION.fullmatch(session):
            raise ValueError("a session that fits no cookie")
        if answer["environment"] != environment:
            raise Refused(404)
        return session, int(answer["expires_in"])

    def _no_longer(self, request: web.BaseRequest, environment: str) -> web.Response:
        link = (f"{self.environment_url(environment)}open/", "Open the environment")
        title, sentence = "This link has been used", "It is good once, and for a minute. Open the environment again."
        return pages.page(request, 403, "ticket_used", title, sentence, link=link)


def _has_asked(request: web.BaseRequest) -> bool:
    state = request.query.get("state", "")
    return bool(STATE.fullmatch(state)) and STATE_COOKIE + state in request.cookies


def inner_path(path: str) -> str:
    """The path below an environment that a link names, or the root for one that is not such a path.

    Browsers resolve dots, and take backslashes for slashes, before they send a request.
    """
    before_query = path.partition("?")[0]
    is_inside = (
        path.isprintable()
        and " " not in path
        and "\\" not in path
        and "//" not in f"/{before_query}"
        and not any(DOTS.fullmatch(part) for part in before_query.split("/"))
    )
    return quote(path, safe=KEPT_IN_URLS) if is_inside else ""


def _redirect(url: str) -> web.Response:
    headers = {"Location": url, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "Server": "envproxy"}
    return web.Response(status=302, headers=headers)
