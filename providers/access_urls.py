"""Which access URL the deployment has, and at which others it still answers.

Until somebody changes it on the page, the variable CODERADMIN_ACCESS_URL says it; from then on the database does.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection
from django.http import HttpRequest

from providers.addresses import is_same_origin
from providers.choices import AccessURLState
from providers.models import AccessURL

DEFAULT_PORTS = {"http": 80, "https": 443}
ANSWERING = "SELECT url, state FROM providers_accessurl WHERE state IN ('current', 'accepted') ORDER BY id DESC"


def access_url() -> str:
    """The deployment's access URL, without a trailing slash. One query."""
    current = AccessURL.objects.filter(state=AccessURLState.CURRENT).values_list("url", flat=True).first()
    return current or str(settings.ACCESS_URL)


@dataclass(frozen=True, kw_only=True)
class AccessURLs:
    """`accepted`: others whose requests are answered, while a change is under way."""

    current: str
    accepted: tuple[str, ...] = ()

    @property
    def answering(self) -> tuple[str, ...]:
        return (self.current, *self.accepted)

    def is_old(self, url: str) -> bool:
        """Whether it is one that is still accepted beside the current one."""
        return any(is_same_origin(url, other) for other in self.accepted) and not is_same_origin(url, self.current)

    def matching(self, *, host: str) -> str:
        """That of them by which a request came whose Host header is `host`; empty when none fits.

        A port that only a proxy in front of us knows is forgiven.
        """
        for same in (_same_place, _same_name):
            if found := next((url for url in self.answering if same(url, host)), ""):
                return found
        return ""


def answering_urls() -> AccessURLs:
    """One query."""
    with connection.cursor() as cursor:
        cursor.execute(ANSWERING)
        rows = cursor.fetchall()
    current = next((url for url, state in rows if state == AccessURLState.CURRENT), str(settings.ACCESS_URL))
    return AccessURLs(current=current, accepted=tuple(url for url, state in rows if state == AccessURLState.ACCEPTED))


def url_of_request(request: HttpRequest) -> str:
    """The access URL by which the request came, as `AccessURLs.matching`. One query."""
    return answering_urls().matching(host=request.get_host())


def _same_place(url: str, host: str) -> bool:
    parts = urlsplit(url)
    asked = urlsplit(f"{parts.scheme}://{host}")
    default = DEFAULT_PORTS[parts.scheme]
    return _same_name(url, host) and (parts.port or default) == (asked.port or default)


def _same_name(url: str, host: str) -> bool:
    return urlsplit(url).hostname == urlsplit(f"//{host}").hostname
