"""PostgreSQL and Valkey for the time of one command or one test run, in a temporary folder and without durability.

`python -m coderadmin.embedded.temporary COMMAND ...` runs a command with DATABASE_URL and REDIS_URL set.
"""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coderadmin.embedded.errors import EmbeddedError
from coderadmin.embedded.postgres import PostgresServer
from coderadmin.embedded.processes import stop_children
from coderadmin.embedded.valkey import ValkeyServer

START_SECONDS = 30.0


@contextmanager
def temporary_services() -> Iterator[dict[str, str]]:
    """Gives the variables that the environment lacks: DATABASE_URL, REDIS_URL, and settings that have no default.

    What the environment has is kept and not started; so the workers of pytest-xdist share their parent's servers.
    """
    folder = Path(tempfile.mkdtemp(prefix="ca-temp-"))
    folder.chmod(0o711)  # PostgreSQL, which does not run as root, must be able to pass
    servers: dict[str, PostgresServer | ValkeyServer] = {}
    try:
        if not os.environ.get("DATABASE_URL"):
            postgres = servers["DATABASE_URL"] = PostgresServer(folder, durable=False)
            postgres.create_database()
        if not os.environ.get("REDIS_URL"):
            servers["REDIS_URL"] = ValkeyServer(folder, durable=False)
        for server in servers.values():
            server.launch()
        for server in servers.values():
            server.child.wait_until(server.is_ready, START_SECONDS)
        yield _missing_settings() | {name: server.url for name, server in servers.items()}
    finally:
        stop_children(server.child for server in servers.values())
        shutil.rmtree(folder, ignore_errors=True)


def _missing_settings() -> dict[str, str]:
    defaults = {
        "SECRET_KEY": secrets.token_hex(32),
        "CODERADMIN_EMBEDDED": "true",
        "CODERADMIN_ACCESS_URL": "http://testserver",
    }
    return {name: value for name, value in defaults.items() if not os.environ.get(name)}


def main() -> int:
    try:
        with temporary_services() as variables:
            return subprocess.run(sys.argv[1:], env={**os.environ, **variables}, check=False).returncode
    except EmbeddedError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
