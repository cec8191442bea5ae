"""What stands in for environments where no container runs: a page that says which one it is, and a websocket echo."""

import html

from aiohttp import WSMsgType, web

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{name}</title>
<style>
  body {{ font: 1rem/1.6 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1.5rem;
    overflow-wrap: anywhere }}
  h1 {{ font-size: 1.5rem; line-height: 1.2 }}
  output {{ display: block; margin-top: 1rem; font-family: ui-monospace, monospace }}
</style>
<h1>{name}</h1>
<p>This page stands in for an environment: no container runs on this machine. It came through envproxy
from the Service <code>{host}</code>, path <code>{path}</code>.</p>
<form>
  <label>Say something to its websocket: <input name="text" autocomplete="off"></label>
  <button>Send</button>
  <output aria-live="polite"></output>
</form>
<script>
  const form = document.querySelector("form"), output = document.querySelector("output");
  const address = new URL("echo", location.href.replace(/^http/, "ws"));
  const socket = new WebSocket(address);
  socket.onmessage = (event) => {{ output.textContent = `It answers: ${{event.data}}`; }};
  socket.onclose = () => {{ output.textContent = "The websocket is closed. Reload to open it again."; }};
  form.onsubmit = (event) => {{ event.preventDefault(); socket.send(form.text.value); form.reset(); }};
</script>
</html>
"""


def demo_environments() -> web.Application:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", _answer)
    return app


async def _answer(request: web.Request) -> web.StreamResponse:
    if request.headers.get("Upgrade", "").lower() == "websocket":
        return await _echo(request)
    host = request.host.rpartition(":")[0] or request.host
    words = {"name": host.split(".")[0], "host": host, "path": request.path}
    text = PAGE.format(**{key: html.escape(word) for key, word in words.items()})
    return web.Response(text=text, content_type="text/html")


async def _echo(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await socket.send_bytes(message.data)
    return socket
