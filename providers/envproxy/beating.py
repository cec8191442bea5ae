"""Calling home: a beat every 15 s, through outages of the control plane."""

import asyncio
import logging
import random
from dataclasses import dataclass

import aiohttp

from providers.envproxy.config import Config

logger = logging.getLogger(__name__)

PATH = "/api/envproxy/v1/beat"
INTERVAL = 15.0  # seconds, until the control plane says otherwise
FIRST_RETRY, LONGEST_RETRY = 1.0, 60.0  # seconds; doubled in between
TIMEOUT = aiohttp.ClientTimeout(total=10, connect=5)


@dataclass
class Heart:
    """`was_accepted` once a beat has reached the control plane: access URL and token are right."""

    config: Config
    was_accepted: bool = False

    async def beat_forever(self) -> None:
        """Ends only by cancellation."""
        failures = 0
        connector = aiohttp.TCPConnector(ssl=self.config.tls())
        async with aiohttp.ClientSession(connector=connector, timeout=TIMEOUT) as session:
            while True:
                try:
                    pause, failures = await self._beat(session), 0
                except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                    failures += 1
                    pause = retry_after(failures)
                    logger.warning("the beat did not reach %s: %s", self.config.access_url, error or "no answer")
                await asyncio.sleep(pause)

    async def _beat(self, session: aiohttp.ClientSession) -> float:
        """Seconds until the next one. Raises ClientError when the control plane refuses or can't be reached."""
        headers = {"Authorization": f"Bearer {self.config.token}"}
        url = self.config.access_url + PATH
        async with session.post(url, json=self.config.beat(), headers=headers, allow_redirects=False) as answer:
            answer.raise_for_status()
            if answer.status != 200:
                raise ValueError(f"answer {answer.status}: is this the access URL?")
            document = await answer.json()
        if not self.was_accepted:
            logger.info("%s knows this provider as %s", self.config.access_url, document.get("provider"))
        self.was_accepted = True
        return float(document.get("interval_seconds", INTERVAL))


def retry_after(failures: int) -> float:
    """Seconds until the next try after so many failures in a row: doubled each time, and spread by up to a half."""
    pause = min(LONGEST_RETRY, FIRST_RETRY * 2 ** min(failures - 1, 10))
    return pause * random.uniform(0.5, 1)  # noqa: S311 - spreads load, keeps no secret
