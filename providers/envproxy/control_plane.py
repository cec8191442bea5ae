"""Calls to the control plane: one JSON document there, one back, in the name of this provider."""

from types import TracebackType
from typing import Any, Self

import aiohttp

from providers.envproxy.config import Config
from providers.kube.resolver import ThreadPerNameResolver

PATH = "/api/envproxy/v1/"
TIMEOUT = aiohttp.ClientTimeout(total=10, connect=5)
REFUSALS = (401, 403, 404)
NOT_OURS = "is this the access URL?"
LONGEST_REASON = 300  # characters


class ControlPlaneError(Exception):
    """In words that may be logged: neither a session nor a token stands in them."""


class Refused(ControlPlaneError):
    """The control plane knows the question and says no."""

    def __init__(self, status: int) -> None:
        super().__init__(f"it refused with {status}")
        self.status = status


class Unreachable(ControlPlaneError):
    """No answer, or one that is not the control plane's."""


class ControlPlane:
    """Keeps its connections; used as an async context manager."""

    def __init__(self, config: Config) -> None:
        self.access_url = config.access_url
        connector = aiohttp.TCPConnector(ssl=config.tls(), resolver=ThreadPerNameResolver())
        headers = {"Authorization": f"Bearer {config.token}"}
        self._session = aiohttp.ClientSession(connector=connector, timeout=TIMEOUT, headers=headers)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._session.close()

    async def post(self, call: str, document: dict[str, Any]) -> dict[str, Any]:
        """Raises Refused for 401, 403 and 404, Unreachable for everything else that is not 200 with an object."""
        url = f"{self.access_url}{PATH}{call}"
        try:
            async with self._session.post(url, json=document, allow_redirects=False) as response:
                if response.status in REFUSALS:
                    raise Refused(response.status)
                if response.status != 200:
                    raise Unreachable(f"it answered with {response.status}: {await _reason(response)}")
                answer = await response.json()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Unreachable(str(error) or "no answer") from error
        if not isinstance(answer, dict):
            raise Unreachable("it answered with something else than an object")
        return answer


async def _reason(response: aiohttp.ClientResponse) -> str:
    """The control plane's own words, if it is the control plane."""
    try:
        message = str((await response.json())["error"]["msg"])
    except (aiohttp.ClientError, ValueError, KeyError, TypeError):
        return NOT_OURS
    return message[:LONGEST_REASON] if message.isprintable() else NOT_OURS
