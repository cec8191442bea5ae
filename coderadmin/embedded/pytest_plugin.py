"""Starts PostgreSQL and Valkey for a test run, before Django reads its settings, and stops them at its end.

What the environment sets already is kept; so the workers of pytest-xdist share the servers of their parent.
"""

import atexit
import os
import secrets
import shutil
import tempfile
from pathlib import Path

from coderadmin.embedded.postgres import PostgresServer
from coderadmin.embedded.processes import stop_children
from coderadmin.embedded.valkey import ValkeyServer

START_SECONDS = 30
STOP_SECONDS = 5


def start_servers() -> None:
    missing = [name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)]
    if not missing:
        return
    folder = Path(tempfile.mkdtemp(prefix="ca-test-"))
    folder.chmod(0o711)  # PostgreSQL, which does not run as root, must be able to pass
    servers: list[PostgresServer | ValkeyServer] = []
    atexit.register(_stop_servers, servers, folder)
    if "DATABASE_URL" in missing:
        postgres = PostgresServer(folder, durable=False)
        postgres.create_database()
        servers.append(postgres)
    if "REDIS_URL" in missing:
        servers.append(ValkeyServer(folder, durable=False))
    for server in servers:
        server.launch()
    for server in servers:
        server.child.wait_until(server.is_ready, START_SECONDS)
        os.environ["DATABASE_URL" if isinstance(server, PostgresServer) else "REDIS_URL"] = server.url


def set_defaults() -> None:
    """The settings that have no default, for tests."""
    os.environ.setdefault("SECRET_KEY", secrets.token_hex(32))
    os.environ.setdefault("CODERADMIN_EMBEDDED", "true")
    os.environ.setdefault("CODERADMIN_ACCESS_URL", "http://testserver")


def _stop_servers(servers: list[PostgresServer | ValkeyServer], folder: Path) -> None:
    stop_children([server.child for server in servers], STOP_SECONDS)
    shutil.rmtree(folder, ignore_errors=True)


start_servers()
set_defaults()
