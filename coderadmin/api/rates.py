"""How many requests a caller may send: a fixed window of a minute, counted in the cache."""

import logging
import time
from dataclasses import dataclass
from ipaddress import ip_network

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

from coderadmin.api.callers import Caller

logger = logging.getLogger(__name__)

WINDOW = 60  # seconds


@dataclass(frozen=True, kw_only=True)
class Rate:
    limit: int
    used: int
    reset: int
    """Seconds until the window ends."""

    @property
    def is_passed(self) -> bool:
        return self.used > self.limit

    def headers(self) -> dict[str, str]:
        remaining = max(0, self.limit - self.used)
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(remaining),
            "RateLimit-Reset": str(self.reset),
        }


def count_request(caller: Caller) -> Rate:
    """This request included."""
    return _count(f"token:{caller.token.pk}" if caller.token else f"user:{caller.user.pk}")


def count_stranger(address: str | None) -> Rate:
    """A request without a token that opens something: by the address, of IPv6 by the network that one customer has.

    Only such requests count, so that nobody with a token suffers from those who share the address.
    """
    return _count(f"address:{ip_network((address, 64), strict=False) if address and ':' in address else address}")


def _count(whose: str) -> Rate:
    """While the cache is away nobody is held up."""
    window, passed = divmod(int(time.time()), WINDOW)
    key = f"api-rate:{whose}:{window}"
    try:
        cache.add(key, 0, timeout=2 * WINDOW)
        used = cache.incr(key)
    except (RedisError, ValueError) as error:  # ValueError: the key is gone between the two
        logger.warning("requests can't be counted: %s", error)
        used = 1
    return Rate(limit=settings.API_REQUESTS_PER_MINUTE, used=used, reset=WINDOW - passed)
