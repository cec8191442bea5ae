"""Reads the environment; the only module that does so for settings.

Every variable may also come from a file: `NAME_FILE=/run/secrets/name`. A missing or unsafe
variable is reported together with all others, so that an operator corrects them in one go.
"""

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from environs import FileAwareEnv

env = FileAwareEnv()

MINIMUM_SECRET_KEY_LENGTH = 50  # Django's own check security.W009


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
    key = env.str("SECRET_KEY", "")
    if key and len(key) < MINIMUM_SECRET_KEY_LENGTH:
        found.append(f"SECRET_KEY is unsafe: it has {len(key)} characters, {MINIMUM_SECRET_KEY_LENGTH} are needed.")
    return found + _access_url_problems(env.str("CODERADMIN_ACCESS_URL", ""), env.bool("CODERADMIN_EMBEDDED", False))


def _access_url_problems(url: str, embedded: bool) -> list[str]:
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/")):
        return [f"CODERADMIN_ACCESS_URL is not an address without a path: {url!r}."]
    if url and parts.scheme == "http" and not embedded and not env.bool("CODERADMIN_ALLOW_HTTP", False):
        return ["CODERADMIN_ACCESS_URL is http: use https, or set CODERADMIN_ALLOW_HTTP=true in a closed network."]
    return []


def require_safe_environment() -> None:
    """Raise ImproperlyConfigured that names every missing or unsafe variable."""
    if found := problems():
        raise ImproperlyConfigured("CoderAdmin can't start. " + " ".join(found))
