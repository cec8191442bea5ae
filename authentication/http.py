"""Requests to the sign-in service: no redirects, no proxies or netrc of the environment, limits of time and size."""

import time
from typing import Any

import requests

from authentication.limits import MOST_BYTES, MOST_SECONDS, SECONDS

CHUNK = 64 * 1024


class GuardedSession(requests.Session):
    """Every failure is a `requests.RequestException`."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        limits = {"timeout": SECONDS, "allow_redirects": False, "stream": True}
        response = super().request(*args, **kwargs | limits)
        with response:
            response._content = _read(response)
        return response


def _read(response: requests.Response) -> bytes:
    """Raises RequestException for an answer that is too long, or does not end."""
    began, read = time.monotonic(), bytearray()
    for chunk in response.iter_content(CHUNK):
        read += chunk
        if len(read) > MOST_BYTES:
            raise requests.exceptions.ContentDecodingError("the answer is too long")
        if time.monotonic() - began > MOST_SECONDS:
            raise requests.Timeout("the answer does not end")
    return bytes(read)
