"""Requests by any access URL that answers (providers.access_urls), known to every web process without a restart.

Each process remembers what the database says for MEMORY seconds, so that a request costs no query of its own. A host
that is not known yet is looked up at once: the page is there as soon as the access URL was switched.
"""

import logging
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.http.request import split_domain_port, validate_host
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.security import SecurityMiddleware
from django.utils import timezone

from coderadmin.proof import PROOF_PATH, proof_of
from providers.access_urls import AccessURLs, answering_urls
from providers.models import AccessURL

logger = logging.getLogger(__name__)

MEMORY = 2.0  # seconds for which an address that is refused from now on may still be answered
STRANGERS_EVERY = 0.2  # seconds between two looks into the database because of hosts that nobody knows
NOTED_EVERY = 5.0  # seconds between two notes of a request by an old access URL


class Memory:
    """What this process knows of the access URLs."""

    def __init__(self) -> None:
        self._reading = threading.Lock()
        self._urls: AccessURLs | None = None
        self._read_at = self._noted_at = -NOTED_EVERY * 2

    def urls(self, *, younger_than: float = MEMORY) -> AccessURLs:
        """What was known last while the database is away.

        One thread reads. The others go on with what is known, unless that is nothing yet, or not young enough for a
        host that nobody knows: then they wait, since they would refuse somebody who is welcome.
        """
        must_wait = self._urls is None or younger_than < MEMORY
        if self._is_older(younger_than) and self._reading.acquire(blocking=must_wait):
            try:
                if self._is_older(younger_than):
                    self._read()
            finally:
                self._reading.release()
        return self._urls or AccessURLs(current=str(settings.ACCESS_URL))

    def _is_older(self, seconds: float) -> bool:
        return time.monotonic() - self._read_at > seconds

    def _read(self) -> None:
        began = time.monotonic()
        try:
            self._urls = answering_urls()
        except DatabaseError as error:
            logger.warning("the access URLs can't be read: %s", error)
        self._read_at = began

    def note(self, url: str) -> None:
        """Somebody still comes by this address, which is not the current one."""
        if time.monotonic() - self._noted_at < NOTED_EVERY:
            return
        self._noted_at = time.monotonic()
        try:
            AccessURL.objects.filter(url=url).update(last_request_at=timezone.now())
        except DatabaseError as error:
            logger.warning("a request by %s can't be noted: %s", url, error)


memory = Memory()


class AccessURLMiddleware:
    """Refuses (400) hosts that are not ours. ALLOWED_HOSTS itself lets all pass, since it is fixed at the start."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if match := PROOF_PATH.fullmatch(request.path_info):
            return JsonResponse({"proof": proof_of(match[1])})
        host = request.get_host()
        urls = memory.urls()
        if not _answers(urls, host):
            urls = memory.urls(younger_than=STRANGERS_EVERY)
        if not _answers(urls, host):
            raise DisallowedHost(f"{host} is not an address of this deployment.")
        through = urls.matching(host=host)
        if through and through != urls.current:
            memory.note(through)
        request.access_urls = urls  # type: ignore[attr-defined]
        response = self.get_response(request)
        if request.is_secure():
            for cookie in response.cookies.values():
                cookie["secure"] = True
        return response


class AccessURLSecurityMiddleware(SecurityMiddleware):
    """Insists on https (redirect, HSTS) only while the access URL has it, which may change while we run.

    Not for a host to which people may still come by http: they could not, and after HSTS not for a year either.
    """

    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        return super().process_request(request) if _insists_on_https(request.get_host()) else None

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response = super().process_response(request, response)
        if not _insists_on_https(request.get_host()):
            del response.headers["Strict-Transport-Security"]
        return response


class AccessURLCsrfMiddleware(CsrfViewMiddleware):
    """Trusts the origins of all access URLs that answer, behind proxies that hide the scheme or the port."""

    @property
    def csrf_trusted_origins_hosts(self) -> list[str]:
        return [urlsplit(origin).netloc for origin in memory.urls().answering]

    @property
    def allowed_origins_exact(self) -> set[str]:
        return set(memory.urls().answering)


def _insists_on_https(host: str) -> bool:
    urls, (name, _) = memory.urls(), split_domain_port(host)
    by_http = [urlsplit(url).hostname for url in urls.answering if url.startswith("http:")]
    return urls.current.startswith("https:") and name not in by_http


def _answers(urls: AccessURLs, host: str) -> bool:
    domain, port = split_domain_port(host)
    names = [urlsplit(url).hostname or "" for url in urls.answering]
    is_port = not port or (len(port) <= 5 and int(port) <= 65535)
    return is_port and validate_host(domain, [*names, *settings.EXTRA_HOSTS])
