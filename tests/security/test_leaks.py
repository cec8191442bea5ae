"""The search itself: a planted secret is found in every wrapping, and nothing is found where none is."""

import base64
import gzip
import json
import zlib
from collections.abc import Callable
from urllib.parse import quote

import pytest

from tests.security.leaks import leaks

SECRET = "kQ7/+ü \"x' <canary>\\n&end"
WRAPPINGS: dict[str, Callable[[bytes], bytes]] = {
    "as it is": bytes,
    "JSON": lambda raw: json.dumps({"token": raw.decode()}).encode(),
    "JSON in JSON": lambda raw: json.dumps(json.dumps([raw.decode()])).encode(),
    "repr": lambda raw: repr({"token": raw.decode()}).encode(),
    "address": lambda raw: b"GET /?token=" + quote(raw.decode(), safe="").encode(),
    "hexadecimal": lambda raw: b"\\x" + raw.hex().encode(),
    "base64": base64.b64encode,
    "base64 for addresses": base64.urlsafe_b64encode,
    "base64, behind one byte": lambda raw: base64.b64encode(b":" + raw + b":"),
    "base64, behind two bytes": lambda raw: base64.b64encode(b"x:" + raw + b"::"),
    "gzip": gzip.compress,
    "a Helm release": lambda raw: base64.b64encode(base64.b64encode(gzip.compress(b"{" * 50 + raw))),
    "a Celery message": lambda raw: json.dumps({"body": base64.b64encode(raw * 3).decode()}).encode(),
    "a compressed session": lambda raw: b"." + base64.urlsafe_b64encode(zlib.compress(b"0123456789" * 20 + raw)),
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_a_secret_is_found(wrapping: str) -> None:
    written = b'{"before": "\x00\xff", "data": "' + WRAPPINGS[wrapping](SECRET.encode()) + b'"}'
    if wrapping == "gzip":
        written = WRAPPINGS[wrapping](SECRET.encode())
    assert leaks({"one": SECRET, "two": "another-secret"}, written) == {"one"}


def test_nothing_is_found_where_nothing_is() -> None:
    written = b"".join(
        wrap(b"a harmless text, long enough for base64 to be looked into" * 3) for wrap in WRAPPINGS.values()
    )
    assert leaks({"one": SECRET}, written) == set()
