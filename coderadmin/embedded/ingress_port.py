"""The port of the ingress: preset, or the one that the data folder remembers, or a free one near that of the pages."""

from pathlib import Path

from coderadmin.embedded.errors import EmbeddedError
from coderadmin.embedded.instance import Instance, read_port, try_port
from coderadmin.embedded.private_files import write_private

VARIABLE = "CODERADMIN_INGRESS_PORT"
FILE = "ingress-port"
DISTANCE = 100  # from the port of the pages: a second instance is often on the next one
ATTEMPTS = 200


def choose_ingress_port(instance: Instance, preset: str) -> int:
    """The port, which is remembered. Raises EmbeddedError for one that makes no sense or is taken.

    The demo providers' hostnames name it, so a remembered one is kept rather than replaced.
    """
    path = instance.data_dir / FILE
    if preset or path.exists():
        port = read_port(VARIABLE, preset or path.read_text().strip())
        if not _is_free(instance, port):
            raise EmbeddedError(
                f"Port {port} of the ingress is taken: stop the program that uses it, or choose another port with "
                f"{VARIABLE} and give it to the hostnames of the providers."
            )
    else:
        port = _first_free(instance)
    write_private(path, f"{port}\n")
    return port


def read_ingress_port(data_dir: Path) -> int | None:
    """The port that the data folder remembers, if any."""
    path = data_dir / FILE
    return int(path.read_text()) if path.exists() else None


def _first_free(instance: Instance) -> int:
    first = instance.port + DISTANCE
    for port in range(first, min(first + ATTEMPTS, 65_536)):
        if _is_free(instance, port):
            return port
    raise EmbeddedError(f"No port from {first} on is free for the ingress: choose one with {VARIABLE}.")


def _is_free(instance: Instance, port: int) -> bool:
    try:
        try_port(instance.host, port)
    except OSError:
        return False
    return port != instance.port
