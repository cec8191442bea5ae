"""Finding secrets in whatever was written, however they are wrapped there: encoded, zipped, one in the other."""

import base64
import gzip
import html
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from urllib.parse import quote, quote_plus

DEEPEST = 4  # a Helm release is base64 of base64 of gzip of JSON
ENCODED = re.compile(rb"[A-Za-z0-9+/_-]{60,}={0,2}")
URL_SAFE = bytes.maketrans(b"-_", b"+/")
GZIP, ZLIB = b"\x1f\x8b", (b"\x78\x01", b"\x78\x9c", b"\x78\xda")


def leaks(secrets: Mapping[str, str], written: bytes, depth: int = DEEPEST) -> set[str]:
    """The names of the secrets that are in `written`."""
    shapes = {name: shapes_of(secret) for name, secret in secrets.items()}
    layers = list(unwrapped(written, depth))
    return {name for name, forms in shapes.items() if any(form in layer for form in forms for layer in layers)}


def shapes_of(secret: str) -> set[bytes]:
    """How a text looks in a page, an address, JSON, a dump of bytes, and in the middle of base64."""
    raw = secret.encode()
    texts = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), html.escape(secret)}
    texts |= {json.dumps(secret)[1:-1], json.dumps(json.dumps(secret)[1:-1])[1:-1], repr(secret)[1:-1], raw.hex()}
    inside = set(_inside_base64(raw))
    return (
        {text.encode() for text in texts} | inside | {form.replace(b"+", b"-").replace(b"/", b"_") for form in inside}
    )


def unwrapped(written: bytes, depth: int = DEEPEST) -> Iterator[bytes]:
    """The bytes themselves, and what comes out of compression and base64 in them."""
    yield written
    if depth == 0:
        return
    if plain := _decompressed(written):
        yield from unwrapped(plain, depth - 1)
    for match in ENCODED.finditer(written):
        if decoded := _decoded(match.group()):
            yield from unwrapped(decoded, depth - 1)


def _inside_base64(raw: bytes) -> Iterator[bytes]:
    """The characters that only depend on `raw`, at each of the three places where it can begin."""
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + raw)
        yield text[(shift * 8 + 5) // 6 : (shift + len(raw)) * 8 // 6]


def _decoded(text: bytes) -> bytes:
    text = text.rstrip(b"=").translate(URL_SAFE)
    text = text[: len(text) - (len(text) % 4 == 1)]
    return base64.b64decode(text + b"=" * (-len(text) % 4))


def _decompressed(data: bytes) -> bytes:
    with suppress(OSError, EOFError, zlib.error):
        if data.startswith(GZIP):
            return gzip.decompress(data)
        if data.startswith(ZLIB):
            return zlib.decompress(data)
    return b""
