"""Everything that a deployment has written, by the place where it is."""

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import redis

from coderadmin.embedded.postgres_home import packaged_binaries
from tests.e2e.conftest import Deployment

PG_DUMP = packaged_binaries() / "bin" / "pg_dump"
WEB = r"gunicorn.*coderadmin\.wsgi"
LARGEST = 64 * 1024 * 1024
# The sandbox and its node are the clusters: what we give to a cluster is there. The others hold nothing but a key.
NOT_OURS = ("sandbox", "node", "secret-key", "postgres-password")


def everything(deployment: Deployment) -> dict[str, bytes]:
    """Logs and the rest of the data folder, with those of envproxy; dumps of the database and the broker."""
    folder = deployment.folder
    ours = {path: content for path, content in files(folder).items() if path.split("/")[0] not in NOT_OURS}
    envproxy = {path: content for path, content in files(folder).items() if path.endswith(".log")}
    return {"database dump": dumped(deployment), **broker(deployment), **ours, **envproxy}


def raw_database(deployment: Deployment) -> dict[str, bytes]:
    """Its files as they are, with all that it wrote ahead: also what was rolled back or deleted."""
    elsewhere = deployment.folder / "postgres-folder"
    return files(Path(elsewhere.read_text().strip()) if elsewhere.exists() else deployment.folder / "postgres")


def dumped(deployment: Deployment) -> bytes:
    address = deployment.variables(WEB)["DATABASE_URL"]
    return subprocess.run([PG_DUMP, "--no-owner", address], capture_output=True, check=True).stdout


def broker(deployment: Deployment) -> dict[str, bytes]:
    """What is in Valkey now. All that ever went through it is in its append-only file, which is one of the files."""
    client = redis.Redis.from_url(deployment.variables(WEB)["REDIS_URL"])
    found = {}
    for key in client.keys("*"):
        reader = {
            b"string": client.get,
            b"list": lambda name: client.lrange(name, 0, -1),
            b"hash": client.hgetall,
            b"set": client.smembers,
            b"zset": lambda name: client.zrange(name, 0, -1),
        }[client.type(key)]
        found[f"Valkey {key.decode()}"] = key + b"\n" + flat(reader(key))
    client.close()
    return found


def flat(value: object) -> bytes:
    if isinstance(value, dict):
        return b"\n".join(flat(part) for pair in value.items() for part in pair)
    if isinstance(value, list | set):
        return b"\n".join(map(flat, value))
    return value if isinstance(value, bytes) else str(value).encode()


def files(folder: Path) -> dict[str, bytes]:
    """By the path inside."""
    found = {str(path.relative_to(folder)): read(path) for path in folder.rglob("*")}
    return {path: content for path, content in found.items() if content}


def read(path: Path) -> bytes | None:
    with suppress(OSError):
        if path.is_file() and path.stat().st_size < LARGEST:
            return path.read_bytes()
    return None


class Processes:
    """What `ps` and a look into the temporary folder showed, by the command, while something went on."""

    def __init__(self, deployment: Deployment, temporary: Path) -> None:
        self.seen: dict[str, set[bytes]] = {}
        self._root, self._temporary = deployment.process.pid, temporary

    @contextmanager
    def watched(self) -> Iterator[None]:
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(0.05):
                self.look()

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def look(self) -> None:
        for pid in self._descendants():
            with suppress(OSError):
                command = Path(f"/proc/{pid}/cmdline").read_bytes()
                name = command.replace(b"\0", b" ").decode(errors="replace")
                self.seen.setdefault(name, set()).add(command + Path(f"/proc/{pid}/environ").read_bytes())
        for path in self._temporary.rglob("*"):
            if content := read(path):
                self.seen.setdefault(f"temporary {path.name}", set()).add(content)

    def _descendants(self) -> set[int]:
        parents = {}
        for entry in os.scandir("/proc"):
            if entry.name.isdecimal():
                with suppress(OSError, IndexError):
                    parents[int(entry.name)] = int(
                        Path(f"/proc/{entry.name}/stat").read_text().rpartition(")")[2].split()[1]
                    )
        found = {self._root}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found
