"""A person with a browser of httpx, who fills in the real forms; every answer is kept by the address it came from."""

import re
from collections import defaultdict
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from tests.e2e.fleet import Loopback

PER_SHAPE = 3  # pages that differ in an id only
MOST_PAGES = 160
NUMBERS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")
LEFT_OUT = ("/sign-out/", "/static/", "/charts/", "/api/v1/docs")


class Visitor:
    """`pages`: what came, headers and body, by method and path. The cookies themselves are not in it."""

    def __init__(self, url: str, pages: defaultdict[str, list[bytes]] | None = None) -> None:
        self.url, self.visited = url, list[httpx.URL]()
        self.pages = defaultdict(list) if pages is None else pages
        self.browser = httpx.Client(base_url=url, timeout=60, transport=Loopback(), headers={"accept": "text/html"})

    def ask(self, method: str, path: str, **how: Any) -> httpx.Response:
        """The answer, whatever it is; where a redirect leads is looked at, too."""
        response = self.browser.request(method, path, **how)
        where = urlsplit(str(response.request.url))
        self.visited.append(response.request.url)
        headers = [f"{name}: {value}" for name, value in response.headers.multi_items() if name != "set-cookie"]
        self.pages[f"{method} {where.path}"].append("\n".join(headers).encode() + b"\n\n" + response.content)
        if response.is_redirect:
            return self.ask("GET", urljoin(str(response.request.url), response.headers["location"]))
        return response

    def submit(self, path: str, **fields: Any) -> httpx.Response:
        """The form of a page as it came, with `fields` filled in."""
        form = FormReader()
        form.feed(self.ask("GET", path).text)
        return self.ask("POST", path, data={**form.values, **fields})

    def sign_in(self, email: str, password: str) -> httpx.Response:
        return self.submit("/sign-in/", username=email, password=password)

    def api(self, method: str, path: str, token: str, body: Any = None, **headers: str) -> httpx.Response:
        return self.ask(method, f"/api/v1{path}", json=body, headers={"authorization": f"Bearer {token}", **headers})

    def look_around(self, *starts: str) -> None:
        """Follow the links of all pages from there on."""
        queue, seen, shapes = list(starts), set(starts), defaultdict[str, int](int)
        while queue and len(seen) < MOST_PAGES:
            page = self.ask("GET", queue.pop(0))
            for link in re.findall(r'(?:href|hx-get|action)="([^"#]+)"', page.text):
                path = urljoin(str(page.url), link.replace("&amp;", "&"))
                shape = NUMBERS.sub("N", urlsplit(path).path)
                inside = path.startswith(self.url) and not urlsplit(path).path.startswith(LEFT_OUT)
                if inside and path not in seen and shapes[shape] < PER_SHAPE:
                    shapes[shape] += 1
                    seen.add(path)
                    queue.append(path)


class FormReader(HTMLParser):
    """The values of the last form that posts, which is the one of the page: the others are in the header."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, Any] = {}
        self._name, self._text = "", ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        name, kind = given.get("name", ""), given.get("type", "text")
        if tag == "form" and given.get("method", "").lower() == "post":
            self.values = {}
        elif tag == "textarea":
            self._name, self._text = name, ""
        elif tag == "input" and name and (kind not in ("radio", "checkbox") or "checked" in given):
            self.values[name] = given.get("value", "on" if kind == "checkbox" else "")

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._name:
            self.values[self._name], self._name = self._text.strip(), ""


def shown(page: httpx.Response, block: str) -> str:
    """The text of a block to copy, which shows a secret once."""
    found = re.search(rf'<pre id="{block}"[^>]*>([^<]+)</pre>', page.text)
    assert found, page.text
    return found[1].strip()
