"""Calling home: a beat every 15 s, through outages of the control plane."""

import asyncio
import logging
import random
from dataclasses import dataclass

from providers.envproxy.config import Config
from providers.envproxy.control_plane import ControlPlane, ControlPlaneError

logger = logging.getLogger(__name__)

INTERVAL = 15.0  # seconds, until the control plane says otherwise
FIRST_RETRY, LONGEST_RETRY = 1.0, 60.0  # seconds; doubled in between


@dataclass
class Heart:
    """`was_accepted` once a beat has reached the control plane: access URL and token are right."""

    config: Config
    control_plane: ControlPlane
    was_accepted: bool = False

    async def beat_forever(self) -> None:
        """Ends only by cancellation."""
        failures = 0
        while True:
            try:
                pause, failures = await self._beat(), 0
            except (ControlPlaneError, TypeError, ValueError) as error:
                failures += 1
                pause = retry_after(failures)
                logger.warning("the beat did not reach %s: %s", self.config.access_url, error)
            await asyncio.sleep(pause)

    async def _beat(self) -> float:
        """Seconds until the next one."""
        document = await self.control_plane.post("beat", self.config.beat())
        if not self.was_accepted:
            logger.info("%s knows this provider as %s", self.config.access_url, document.get("provider"))
        self.was_accepted = True
        return float(document.get("interval_seconds", INTERVAL))


def retry_after(failures: int) -> float:
    """Seconds until the next try after so many failures in a row: doubled each time, and spread by up to a half."""
    pause = min(LONGEST_RETRY, FIRST_RETRY * 2 ** min(failures - 1, 10))
    return pause * random.uniform(0.5, 1)  # noqa: S311 - spreads load, keeps no secret
