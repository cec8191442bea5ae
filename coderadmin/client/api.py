"""Requests to the API of one deployment. Answers that are no success become errors with their exit code."""

import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from coderadmin.client.config import SIGN_IN, Account
from coderadmin.client.errors import (
    FAILED,
    NOT_ALLOWED,
    REFUSED,
    USAGE,
    AbsentError,
    ClientError,
    UnreachableError,
)

if TYPE_CHECKING:
    import httpx

ROOT = "/api/v1"
CONNECT_SECONDS = 10
ANSWER_SECONDS = 60
PAGE = 200  # the most that the API gives at once
LONGEST_PAUSE = 60  # seconds: the API counts requests by the minute
EXIT_CODES = {400: USAGE, 401: NOT_ALLOWED, 403: NOT_ALLOWED, 409: REFUSED, 412: REFUSED, 422: USAGE}
AWAY = frozenset({502, 503, 504})
# httpx would load a command line of its own, with rich and pygments: more than all the rest. It does without.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

Document = dict[str, Any]


class Api:
    """`note` gets a line for each request, without any body: those hold secrets."""

    def __init__(self, account: Account, *, note: Callable[[str], None], patience: float = ANSWER_SECONDS) -> None:
        self.account, self.note, self.patience = account, note, patience

    @cached_property
    def http(self) -> "httpx.Client":
        import httpx

        from coderadmin import __version__

        headers = {"User-Agent": f"coderadmin/{__version__}"}
        if self.account.token:
            headers["Authorization"] = f"Bearer {self.account.token}"
        timeout = httpx.Timeout(self.patience, connect=min(CONNECT_SECONDS, self.patience))
        return httpx.Client(base_url=self.account.url, headers=headers, timeout=timeout, follow_redirects=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if "http" in self.__dict__:
            self.http.close()

    def get(self, path: str, **query: Any) -> Document:
        found: Document = self.request("GET", path, query=query)
        return found

    def post(self, path: str, body: Any = None) -> Document:
        """Sent again after a lost connection, it is done once."""
        done: Document = self.request("POST", path, body=body, headers={"Idempotency-Key": str(uuid.uuid4())})
        return done

    def patch(self, path: str, body: Any, *, revision: int | None = None, **query: Any) -> Document:
        headers = {} if revision is None else {"If-Match": f'"{revision}"'}
        done: Document = self.request("PATCH", path, body=body, query=query, headers=headers)
        return done

    def put(self, path: str, body: Any) -> Document:
        done: Document = self.request("PUT", path, body=body)
        return done

    def delete(self, path: str, **query: Any) -> Any:
        return self.request("DELETE", path, query=query)

    def pages(self, path: str, *, limit: int | None = None, **query: Any) -> Iterator[Document]:
        """The items of a list, page by page; at most `limit`."""
        cursor, left = "", limit
        while left is None or left > 0:
            page = self.get(path, cursor=cursor, limit=min(left or PAGE, PAGE), **query)
            yield from page["items"]
            cursor = page["next_cursor"]
            if not cursor:
                return
            left = left - len(page["items"]) if left is not None else None

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        root: str = ROOT,
    ) -> Any:
        """The answer's JSON, None for an empty one. Raises ClientError."""
        sent = {name: value for name, value in (query or {}).items() if value not in (None, "")}
        answer = self._send(method, root + path, body, sent, dict(headers or {}))
        if answer.status_code == 429 and (pause := _pause(answer)):
            self.note(f"too many requests: waiting {pause} s")
            time.sleep(pause)
            answer = self._send(method, root + path, body, sent, dict(headers or {}))
        return self._read(answer)

    def _send(self, method: str, path: str, body: Any, query: dict[str, Any], headers: dict[str, str]) -> Any:
        import httpx

        repeatable = method == "GET" or "Idempotency-Key" in headers
        for last_try in (False, True) if repeatable else (True,):
            begun = time.monotonic()
            try:
                answer = self.http.request(method, path, json=body, params=query, headers=headers)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError) as error:
                if last_try:
                    raise self._unreachable("the connection broke off") from error
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise self._unreachable(_reason(error)) from error
            else:
                self.note(f"{method} {path} {answer.status_code} {(time.monotonic() - begun) * 1000:.0f} ms")
                return answer
        raise AssertionError("the last try returns or raises")

    def _read(self, answer: Any) -> Any:
        if answer.is_redirect:
            remedy = f"If that is your deployment: coderadmin login {answer.headers.get('location', '')}"
            raise UnreachableError(f"{self.account.url} leads elsewhere.", remedy=remedy)
        if answer.is_success and not answer.content:
            return None
        try:
            document = answer.json()
        except ValueError:
            document = None
        if answer.status_code in AWAY:
            raise self._unreachable(f"it answers {answer.status_code}")
        if not isinstance(document, dict):
            remedy = "Check the address: coderadmin login URL."
            raise UnreachableError(f"{self.account.url} does not answer as CoderAdmin does.", remedy=remedy)
        if answer.is_success:
            return document
        raise problem(answer.status_code, document)

    def _unreachable(self, reason: str) -> UnreachableError:
        remedy = "Check the address, your network and whether it runs."
        return UnreachableError(f"{self.account.url} can't be reached: {reason}.", remedy=remedy)


def problem(status: int, document: Document) -> ClientError:
    """What is wrong, at which field, and the next step."""
    # The original protocol, which signs in by password, has its own envelope.
    detail = document.get("detail") or (document.get("error") or {}).get("msg") or f"The server answered {status}."
    if errors := document.get("errors"):
        detail = "; ".join(
            f"{each['field']}: {each['message']}" if each["field"] else each["message"] for each in errors
        )
    remedy = document.get("remedy", "")
    in_the_way = map(_word, document.get("refusals") or document.get("names") or [])
    if more := [each for each in in_the_way if each not in detail]:
        detail = f"{detail} ({'; '.join(more)})"
    if status == 401:
        remedy = remedy or SIGN_IN
    if status == 404:
        return AbsentError(detail, remedy=remedy or "Check the name or id.")
    return ClientError(detail, remedy=remedy, exit_code=EXIT_CODES.get(status, FAILED))


def _word(item: Any) -> str:
    """Of what is in the way: a name, or a refusal that explains itself."""
    return str(item["message"] if isinstance(item, dict) else item)


def _pause(answer: Any) -> int:
    """Seconds; 0 when waiting makes no sense."""
    text = answer.headers.get("Retry-After", "")
    seconds = int(text) if text.isdecimal() else 0
    return seconds if seconds <= LONGEST_PAUSE else 0


def _reason(error: Exception) -> str:
    import httpx

    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    text = str(error).lower()
    if "certificate" in text:
        return "its certificate is not trusted (SSL_CERT_FILE names another CA)"
    if "name or service" in text or "getaddrinfo" in text or "nodename" in text or "resolution" in text:
        return "its name is not known"
    return "connection refused" if "refused" in text else (text or type(error).__name__)
