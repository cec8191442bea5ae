"""Text from a server, made fit for a terminal."""

import re

CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def safe(text: str) -> str:
    """Without what a terminal would obey: a log line of a cluster may hold anything."""
    return CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def escaped(document: str) -> str:
    """JSON without control characters; those below 0x20 are escaped already."""
    return re.sub(r"[\x7f-\x9f]", lambda found: f"\\u{ord(found[0]):04x}", document)
