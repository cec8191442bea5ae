"""Whether envproxy answers at the address that browsers use: through DNS, load balancer, ingress and certificate."""

import ssl
from functools import cache
from urllib.parse import urlsplit

import aiohttp

from providers.kube.client import CONNECT_TIMEOUT, READ_TIMEOUT
from providers.kube.connector import AbortingConnector
from providers.kube.errors import NotKubernetes, Reason, shorten
from providers.kube.evidence import UrlAnswer
from providers.kube.translate import translate
from providers.target import ClusterTarget

HEALTH_PATH = "/healthz"


async def ask_envproxy(access_url: str, *, timeout: float) -> UrlAnswer:
    """One GET of envproxy's own health page, within `timeout` seconds. Trouble is in the answer and never raised.

    The body is not read. Redirects are not followed: they would lead us to places that nobody approved.
    """
    url = access_url + HEALTH_PATH
    limits = aiohttp.ClientTimeout(
        total=timeout, connect=min(CONNECT_TIMEOUT, timeout / 3), sock_read=min(READ_TIMEOUT, timeout * 0.6)
    )
    connector = AbortingConnector(ssl=system_trust(), limit=1)
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=limits, trust_env=False) as session,
            session.get(url, allow_redirects=False) as answer,
        ):
            status = answer.status
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return UrlAnswer(answers=False, problem=_problem(error, access_url))
    if status == 200:
        return UrlAnswer(answers=True)
    if 300 <= status < 400:
        return UrlAnswer(answers=False, problem=shorten(f"{url} redirects elsewhere (HTTP {status})."))
    return UrlAnswer(answers=False, problem=shorten(f"{url} answers with HTTP {status}."))


@cache
def system_trust() -> ssl.SSLContext:
    return ssl.create_default_context()


def _problem(error: Exception, url: str) -> str:
    found, host = translate(error, ClusterTarget(address=url, namespace="")), urlsplit(url).netloc
    if isinstance(found, NotKubernetes):
        return shorten(f"{host} does not speak {urlsplit(url).scheme}.")
    if found.reason == Reason.UNEXPECTED:
        return shorten(f"{host} can't be asked: {type(error).__name__}.")
    return found.message
