"""Whether envproxy answers at the address that browsers use: through DNS, load balancer, ingress and certificate."""

from urllib.parse import urlsplit

import aiohttp

from providers.kube.client import CONNECT_TIMEOUT, READ_TIMEOUT
from providers.kube.connector import AbortingConnector, session_over
from providers.kube.errors import NotKubernetes, Reason, shorten
from providers.kube.evidence import UrlAnswer
from providers.kube.pool import Pool
from providers.kube.tls import system_trust
from providers.kube.translate import translate
from providers.target import ClusterTarget

HEALTH_PATH = "/healthz"


async def ask_envproxy(access_url: str, *, timeout: float, pool: Pool | None = None) -> UrlAnswer:
    """One GET of envproxy's own health page, within `timeout` seconds. Trouble is in the answer and never raised.

    The body is not looked at. Redirects are not followed: they would lead us to places that nobody approved.
    """
    url = access_url + HEALTH_PATH
    limits = aiohttp.ClientTimeout(
        total=timeout, connect=min(CONNECT_TIMEOUT, timeout / 3), sock_read=min(READ_TIMEOUT, timeout * 0.6)
    )
    try:
        if pool:
            status = await _status(pool.session, url, limits)
        else:
            async with AbortingConnector(limit=1) as connector, session_over(connector) as session:
                status = await _status(session, url, limits)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return UrlAnswer(answers=False, problem=_problem(error, access_url))
    if status == 200:
        return UrlAnswer(answers=True)
    if 300 <= status < 400:
        return UrlAnswer(answers=False, problem=shorten(f"{url} redirects elsewhere (HTTP {status})."))
    return UrlAnswer(answers=False, problem=shorten(f"{url} answers with HTTP {status}."))


async def _status(session: aiohttp.ClientSession, url: str, limits: aiohttp.ClientTimeout) -> int:
    async with session.get(url, timeout=limits, allow_redirects=False, ssl=system_trust()) as answer:
        return answer.status


def _problem(error: Exception, url: str) -> str:
    found, host = translate(error, ClusterTarget(address=url, namespace="")), urlsplit(url).netloc
    if isinstance(found, NotKubernetes):
        return shorten(f"{host} does not speak {urlsplit(url).scheme}.")
    if found.reason == Reason.UNEXPECTED:
        return shorten(f"{host} can't be asked: {type(error).__name__}.")
    return found.message
