"""A host of its own, as far as the network goes: a network namespace at the end of a cable that a test can pull."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE, THERE = "10.213.77.1", "10.213.77.2"  # both ends of the cable
RELAY = Path(__file__).with_name("relay.py")
STOP_SECONDS = 40
NAME = f"ca{os.getpid()}"
CABLE, FAR_END = f"{NAME}a", f"{NAME}b"


def why_not() -> str:
    """Why this machine can't have one; empty when it can."""
    if os.geteuid() or not shutil.which("ip") or not shutil.which("nsenter"):
        return "needs root and the programs ip and nsenter"
    made = subprocess.run(["ip", "netns", "add", NAME], capture_output=True, text=True, check=False)
    if made.returncode:
        return f"network namespaces can't be made: {made.stderr.strip()}"
    _ip("netns", "del", NAME)
    return ""


@dataclass(frozen=True)
class Host:
    def start(self, argv: Sequence[str | Path], *, env: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
        with log.open("wb") as output:
            command = ["nsenter", f"--net=/run/netns/{NAME}", "--", *argv]
            return subprocess.Popen(command, env=env, stdout=output, stderr=output, stdin=subprocess.DEVNULL)

    def pull_the_cable(self) -> None:
        """What is on its way is lost, and nobody is told."""
        _ip("-n", NAME, "link", "set", FAR_END, "down")

    def plug_it_in(self) -> None:
        _ip("-n", NAME, "link", "set", FAR_END, "up")


@contextmanager
def second_host() -> Iterator[Host]:
    _ip("netns", "add", NAME)
    try:
        _ip("link", "add", CABLE, "type", "veth", "peer", "name", FAR_END, "netns", NAME)
        _ip("addr", "add", f"{HERE}/30", "dev", CABLE)
        _ip("link", "set", CABLE, "up")
        _ip("-n", NAME, "addr", "add", f"{THERE}/30", "dev", FAR_END)
        _ip("-n", NAME, "link", "set", FAR_END, "up")
        _ip("-n", NAME, "link", "set", "lo", "up")
        yield Host()
    finally:
        _ip("netns", "del", NAME)


@contextmanager
def relayed(host: Host, ports: Sequence[int], sockets: dict[int, str], folder: Path) -> Iterator[None]:
    """On `host` the loopback has these ports of ours; HERE has our Unix sockets as ports."""
    ours = [f"{port}=127.0.0.1:{port}" for port in ports] + [f"{port}={path}" for port, path in sockets.items()]
    theirs = [f"{port}={HERE}:{port}" for port in ports]
    with ExitStack() as stack:
        near = subprocess.Popen([sys.executable, RELAY, HERE, *ours], stdout=subprocess.PIPE)
        stack.callback(_end, near)
        assert near.stdout
        assert near.stdout.readline() == b"ready\n"
        far = host.start([sys.executable, RELAY, "127.0.0.1", *theirs], env=dict(os.environ), log=folder / "relay.log")
        stack.callback(_end, far)
        yield


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait(STOP_SECONDS)
    if process.stdout:
        process.stdout.close()


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
