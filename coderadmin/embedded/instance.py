"""One running installation: its data folder, its lock, its address, and what its programs find in the environment."""

import errno
import fcntl
import os
import secrets
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from coderadmin.embedded.errors import EmbeddedError
from coderadmin.embedded.private_files import read_or_create
from coderadmin.embedded.processes import is_alive

CHECKOUT = Path(__file__).resolve().parents[2]
LOCK_NAME = "instance.lock"
LOCK_WAIT_SECONDS = 15.0  # a killed instance is cleaned up by its guard meanwhile
MINIMUM_FREE_MEGABYTES = 200  # a new database takes 60 MB, and PostgreSQL stops hard when it can't write


@dataclass(frozen=True, kw_only=True)
class Instance:
    """Where one installation keeps its data and where it listens."""

    data_dir: Path
    host: str
    port: int
    access_url: str

    @property
    def local_url(self) -> str:
        """The address under which this machine reaches the pages."""
        host = "localhost" if self.host in ("127.0.0.1", "::1", "0.0.0.0", "::") else self.host  # noqa: S104
        return f"http://{host}:{self.port}"

    @property
    def bind(self) -> str:
        """The address in gunicorn's words."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_instance(environ: Mapping[str, str]) -> Instance:
    """The instance that the CODERADMIN_* variables describe; raises EmbeddedError for one that makes no sense."""
    port = read_port("CODERADMIN_PORT", environ.get("CODERADMIN_PORT") or "8000")
    return Instance(
        data_dir=Path(environ.get("CODERADMIN_DATA_DIR") or CHECKOUT / ".data").absolute(),
        host=environ.get("CODERADMIN_HOST") or "127.0.0.1",
        port=port,
        access_url=(environ.get("CODERADMIN_ACCESS_URL") or f"http://localhost:{port}").rstrip("/"),
    )


def read_port(variable: str, text: str) -> int:
    """Raises EmbeddedError that names the variable if this is no port."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise EmbeddedError(f"{variable} is {text!r}: it must be a number from 1 to 65535.")
    return int(text)


def make_data_dir(data_dir: Path) -> None:
    """Make the data folder. An existing one is taken as it is, whatever its permissions."""
    # Root lets others pass, not list: PostgreSQL, which does not run as root, has its own private folder in there.
    mode = 0o711 if os.geteuid() == 0 else 0o700
    try:
        if not data_dir.exists():
            data_dir.mkdir(parents=True)
            data_dir.chmod(mode)  # whatever the umask
    except OSError as error:
        raise EmbeddedError(f"The data folder {data_dir} can't be made: {error.strerror}.") from error
    if not os.access(data_dir, os.W_OK | os.X_OK):
        raise EmbeddedError(f"The data folder {data_dir} belongs to another user: set CODERADMIN_DATA_DIR to your own.")


@contextmanager
def instance_lock(instance: Instance, check: Callable[[], object] = bool) -> Iterator[int]:
    """Hold the data folder for this process; gives the lock's file descriptor. Raises EmbeddedError if it is in use.

    While it waits for a predecessor to end, `check` is asked, which may raise.
    """
    descriptor = _open_lock(instance.data_dir)
    try:
        deadline = time.monotonic() + LOCK_WAIT_SECONDS
        while not _try_lock(descriptor):
            check()
            pid, address = _holder(descriptor)
            if is_alive(pid) or time.monotonic() > deadline:
                raise EmbeddedError(
                    f"CoderAdmin already runs on {instance.data_dir}: process {pid}, {address}. "
                    "Stop it first, or set CODERADMIN_DATA_DIR and CODERADMIN_PORT for a second one."
                )
            time.sleep(0.1)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()} {instance.local_url}\n".encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def check_port(instance: Instance) -> None:
    """Raise EmbeddedError unless the port is free, before anything is started."""
    try:
        try_port(instance.host, instance.port)
    except OSError as error:
        raise EmbeddedError(_port_sentence(instance, error)) from error


def try_port(host: str, port: int) -> None:
    """Raise OSError unless one can listen there."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        probe.listen(1)


def check_free_disk(folder: Path) -> None:
    free, needed = shutil.disk_usage(folder).free // 1_000_000, MINIMUM_FREE_MEGABYTES
    if free < needed:
        raise EmbeddedError(
            f"The disk is full: {folder} has {free} MB left, {needed} MB are needed. "
            "Free some space, or set CODERADMIN_DATA_DIR to another disk."
        )


def program_environment(instance: Instance, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of web, node and workers, without the addresses of database and broker."""
    key = environ.get("SECRET_KEY") or read_or_create(instance.data_dir / "secret-key", secrets.token_urlsafe(64))
    helm = instance.data_dir / "helm"
    own_cluster = instance.data_dir / "sandbox" / "local"
    return {
        **environ,
        "SECRET_KEY": key,
        "DJANGO_SETTINGS_MODULE": "coderadmin.settings",
        "CODERADMIN_ACCESS_URL": instance.access_url,
        "CODERADMIN_DATA_DIR": str(instance.data_dir),
        "CODERADMIN_KUBECONFIG": environ.get("CODERADMIN_KUBECONFIG") or str(own_cluster / "kubeconfig"),
        "CODERADMIN_EMBEDDED": "1",
        # Helm would write into the home folder.
        "HELM_CACHE_HOME": str(helm / "cache"),
        "HELM_CONFIG_HOME": str(helm / "config"),
        "HELM_DATA_HOME": str(helm / "data"),
    }


def _open_lock(data_dir: Path) -> int:
    path = data_dir / LOCK_NAME
    if path.exists() and path.stat().st_uid != os.geteuid():
        raise EmbeddedError(
            f"The data folder {data_dir} was made by user id {path.stat().st_uid}: "
            "start as that user, or set CODERADMIN_DATA_DIR to a new folder."
        )
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(descriptor: int) -> tuple[int, str]:
    pid, _, address = os.pread(descriptor, 1_000, 0).decode(errors="replace").strip().partition(" ")
    return (int(pid), address) if pid.isdigit() else (0, "its address is not known yet")


def _port_sentence(instance: Instance, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {instance.port} on {instance.host} is taken by another program: "
            "stop that one, or choose another port with CODERADMIN_PORT."
        )
    if error.errno == errno.EACCES:
        return f"Port {instance.port} is reserved for root: choose a port from 1024 on with CODERADMIN_PORT."
    return f"This machine can't listen on CODERADMIN_HOST={instance.host}, port {instance.port}: {error.strerror}."
