"""The mail server as CODERADMIN_EMAIL_URL names it: `smtp+tls://user:password@mail.example.com:587`.

`smtp` speaks plainly, `smtp+tls` begins so and goes on with TLS, `smtp+ssl` has TLS from the first byte.
"""

from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote, urlsplit

PORTS = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}
SECONDS = 10  # for a connection, and for each answer


@dataclass(frozen=True, kw_only=True)
class MailServer:
    scheme: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)

    @classmethod
    def read(cls, url: str) -> Self:
        """Raises ValueError, which does not tell the password."""
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError("it is no address of a mail server")
        return cls(
            scheme=parts.scheme,
            host=parts.hostname,
            port=parts.port or PORTS[parts.scheme],
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )
