"""Reads the environment; the only module that does so for settings.

Every variable may also come from a file: `NAME_FILE=/run/secrets/name`. A missing or unsafe
variable is reported together with all others, so that an operator corrects them in one go.
"""

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from environs import FileAwareEnv

from coderadmin.broker import SENTINEL, Sentinels
from coderadmin.destinations import networks
from coderadmin.mail_server import MailServer

env = FileAwareEnv(strip_whitespace=True)

MINIMUM_SECRET_KEY_LENGTH = 50  # this and the next two: Django's own check security.W009
MINIMUM_SECRET_KEY_CHARACTERS = 5
INSECURE_PREFIX = "django-insecure-"
MINIMUM_ENCRYPTION_KEY_LENGTH = 32
SCHEMES = {"DATABASE_URL": ("postgres", "postgresql"), "REDIS_URL": ("redis", "rediss", "unix", "sentinel")}


def problems() -> list[str]:
    """One sentence for each required variable that is missing or unsafe; empty when all is well."""
    found = [
        f"{name} is not set: {meaning}."
        for name, meaning in (
            ("SECRET_KEY", "a random text of 50 characters or more"),
            ("DATABASE_URL", "postgres://user:password@host:5432/name"),
            ("REDIS_URL", "redis://host:6379/0"),
            ("CODERADMIN_ACCESS_URL", "the public address of this deployment, https://coder.example.com"),
        )
        if not env.str(name, "")
    ]
    embedded = env.bool("CODERADMIN_EMBEDDED", False)
    if env.bool("DEBUG", False) and not embedded:
        found.append("DEBUG is unsafe: it shows settings and code to everybody; leave it out.")
    found += _key_problems() + _scheme_problems() + _broker_problems() + _mail_problems()
    return found + _access_url_problems(embedded) + _network_problems()


def _key_problems() -> list[str]:
    found: list[str] = []
    key = env.str("SECRET_KEY", "")
    if key and len(key) < MINIMUM_SECRET_KEY_LENGTH:
        found.append(f"SECRET_KEY is unsafe: it has {len(key)} characters, {MINIMUM_SECRET_KEY_LENGTH} are needed.")
    elif key and (len(set(key)) < MINIMUM_SECRET_KEY_CHARACTERS or key.startswith(INSECURE_PREFIX)):
        found.append("SECRET_KEY is unsafe: it is not random.")
    encryption_keys: list[str] = env.list("CODERADMIN_ENCRYPTION_KEYS", [])
    if any(len(each) < MINIMUM_ENCRYPTION_KEY_LENGTH for each in encryption_keys):
        found.append(
            f"CODERADMIN_ENCRYPTION_KEYS is unsafe: each key needs {MINIMUM_ENCRYPTION_KEY_LENGTH} characters or more."
        )
    return found


def _scheme_problems() -> list[str]:
    """Only the names are told: the addresses may hold passwords."""
    return [
        f"{name} does not begin with {' or '.join(f'{scheme}://' for scheme in schemes)}."
        for name, schemes in SCHEMES.items()
        if env.str(name, "") and not env.str(name).startswith(tuple(f"{scheme}://" for scheme in schemes))
    ]


def _broker_problems() -> list[str]:
    url = env.str("REDIS_URL", "")
    if not url.startswith(SENTINEL):
        return []
    try:
        Sentinels.read(url)
    except ValueError:  # it may tell the password
        return ["REDIS_URL is not of the form sentinel://user:password@host1:26379,host2:26379/NAME/0."]
    return []


def _mail_problems() -> list[str]:
    try:
        if url := env.str("CODERADMIN_EMAIL_URL", ""):
            MailServer.read(url)
    except ValueError:  # it may tell the password
        return ["CODERADMIN_EMAIL_URL is not of the form smtp://user:password@host:25 (or smtp+tls://, smtp+ssl://)."]
    return []


def _access_url_problems(embedded: bool) -> list[str]:
    url = env.str("CODERADMIN_ACCESS_URL", "")
    if url and not _is_plain_address(url):
        return [f"CODERADMIN_ACCESS_URL is not an address without a path: {url!r}."]
    if url.startswith("http:") and not embedded and not env.bool("CODERADMIN_ALLOW_HTTP", False):
        return ["CODERADMIN_ACCESS_URL is http: use https, or set CODERADMIN_ALLOW_HTTP=true in a closed network."]
    return []


def _network_problems() -> list[str]:
    found = []
    for name in ("CODERADMIN_DENIED_NETWORKS", "CODERADMIN_ALLOWED_NETWORKS"):
        try:
            networks(env.list(name, []))
        except ValueError as error:
            found.append(f"{name} is no list of networks such as 10.0.0.0/8,fd00::/8: {error}.")
    return found


def _is_plain_address(url: str) -> bool:
    """Whether it is scheme, host and perhaps a port, and nothing more."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:  # a port that is none, or a broken IPv6 address
        return False
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return (
        parts.scheme in ("http", "https") and bool(host) and url.rstrip("/").lower() == f"{parts.scheme}://{host}{port}"
    )


def require_safe_environment() -> None:
    """Raise ImproperlyConfigured that names every missing or unsafe variable."""
    if found := problems():
        raise ImproperlyConfigured("CoderAdmin can't start. " + " ".join(found))
