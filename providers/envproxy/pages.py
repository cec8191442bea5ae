"""Everything that envproxy itself says to a person or a program: one small page, or the same sentence as data."""

import base64
import hashlib
import json
from html import escape

from aiohttp import web

from providers.envproxy.headers import COOKIE

STYLE = """
:root { color-scheme: light dark; --bg: #f5f6f4; --surface: #fff; --ink: #17211b; --muted: #56635b; --line: #dde3de;
  --accent: #1f7045; --on-accent: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --bg: #111412; --surface: #1a1e1b; --ink: #e8ece9; --muted: #9dab9f; --line: #2e3430;
    --accent: #63c792; --on-accent: #0b1710; }
}
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--bg); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { box-sizing: border-box; width: min(34rem, 100% - 2rem); margin: 1rem; padding: 2rem; background: var(--surface);
  border: 1px solid var(--line); border-radius: 10px; overflow-wrap: anywhere; }
h1 { margin: 0 0 0.5rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: 0 0 1.25rem; }
p:last-child { margin: 0; color: var(--muted); font-size: 0.8125rem; }
a { display: inline-block; padding: 0.5rem 1rem; border-radius: 7px; background: var(--accent);
  color: var(--on-accent); text-decoration: none; font-weight: 600; }
a:focus-visible { outline: 3px solid var(--ink); outline-offset: 2px; }
"""
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'",
    "Referrer-Policy": "no-referrer",
    "Server": "envproxy",
    "Vary": "Accept",
    "X-Content-Type-Options": "nosniff",
}
Link = tuple[str, str]  # address, words


def accepts_html(request: web.BaseRequest) -> bool:
    return "text/html" in request.headers.get("Accept", "").lower()


def page(
    request: web.BaseRequest,
    status: int,
    code: str,
    title: str,
    sentence: str,
    *,
    link: Link | None = None,
    retry_after: int | None = None,
    looks_again: bool = False,
) -> web.Response:
    """HTML, JSON or plain text, as the client accepts it. `looks_again`: the page loads itself after `retry_after`."""
    headers = dict(HEADERS)
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    if accepts_html(request):
        text = _html(status, title, sentence, link, retry_after if looks_again else None)
        return web.Response(status=status, text=text, content_type="text/html", headers=headers)
    if "json" in request.headers.get("Accept", "").lower():
        text = json.dumps({"error": {"code": code, "msg": f"{title}. {sentence}"}})
        return web.Response(status=status, text=text, content_type="application/json", headers=headers)
    where = f" {link[0]}" if link else ""
    return web.Response(status=status, text=f"{title}. {sentence}{where}\n", headers=headers)


def stopped(request: web.BaseRequest, state: str, environment_url: str) -> web.Response:
    """For an environment that is `off`, `creating` or `failed`. Nothing but `creating` changes by waiting."""
    code = f"environment_{state}"
    if state == "creating":
        title, sentence = "This environment is being built", "It opens here as soon as it runs."
        link = (environment_url, "Watch the build")
        return page(request, 503, code, title, sentence, link=link, retry_after=5, looks_again=True)
    if state == "failed":
        title, sentence = "This environment has failed", "Its page says why. Rebuild it there."
        return page(request, 503, code, title, sentence, link=(environment_url, "Open its page"), retry_after=60)
    title, sentence = "This environment is off", "Its files are kept. Start it on its page, then come back."
    return page(request, 503, code, title, sentence, link=(environment_url, "Open its page"), retry_after=60)


def no_answer(request: web.BaseRequest, environment_url: str) -> web.Response:
    """The service refuses, breaks off, or says what is not HTTP."""
    title = "This environment does not answer"
    sentence = "The program in it refused the connection or broke it off. If it has just been started, try again."
    link = (environment_url, "See its state")
    return page(request, 502, "no_answer", title, sentence, link=link, retry_after=10)


def too_slow(request: web.BaseRequest, environment_url: str) -> web.Response:
    title = "This environment takes too long"
    sentence = "The program in it did not answer in time. Try again; if that does not help, restart the environment."
    return page(request, 504, "too_slow", title, sentence, link=(environment_url, "See its state"))


def cut_off(request: web.BaseRequest, access_url: str) -> web.Response:
    """The control plane can't be reached, and nobody knows who may go in."""
    title = "Your access can't be checked now"
    sentence = f"{access_url} does not answer. Try again in a minute."
    return page(request, 503, "control_plane_unreachable", title, sentence, retry_after=30)


def unauthorized(request: web.BaseRequest, open_url: str) -> web.Response:
    """For everything that can't follow the way through the sign-in page."""
    sentence = "Open this environment in a browser to sign in."
    response = page(request, 401, "unauthorized", "You are not signed in", sentence, link=(open_url, "Sign in"))
    response.headers["WWW-Authenticate"] = f'Cookie realm="environment", cookie-name="{COOKIE}"'
    return response


def not_found(request: web.BaseRequest, access_url: str) -> web.Response:
    title, sentence = "There is nothing here", "Environments are opened from their pages."
    return page(request, 404, "not_found", title, sentence, link=(access_url, "Go to your environments"))


def refused(request: web.BaseRequest, code: str, sentence: str, *, status: int = 400) -> web.Response:
    """For what no browser of an honest person sends; whatever follows on its connection is not read."""
    response = page(request, status, code, "This request is refused", sentence)
    response.force_close()
    return response


def failed(request: web.BaseRequest) -> web.Response:
    title, sentence = "Something went wrong here", "Try again; if that does not help, tell your site manager when."
    return page(request, 500, "internal", title, sentence)


def _html(status: int, title: str, sentence: str, link: Link | None, seconds: int | None) -> str:
    refresh = f'<meta http-equiv="refresh" content="{seconds}">' if seconds else ""
    anchor = f'<p><a href="{escape(link[0])}">{escape(link[1])}</a></p>' if link else ""
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">{refresh}
<title>{escape(title)}</title><style>{STYLE}</style></head>
<body><main><h1>{escape(title)}</h1><p>{escape(sentence)}</p>{anchor}<p>envproxy, {status}</p></main></body>
</html>
"""
