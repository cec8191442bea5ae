"""How much memory and processor time the programs take before anybody asks them anything.

As in an installation of requirements.txt: Django and Kombu load some packages of developers where they find them.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from benchmarks.kernel import cpu_seconds, resident_megabytes, tree
from benchmarks.measures import Report, Target
from benchmarks.proxy import start_envproxy
from benchmarks.seed import LIST, World
from benchmarks.site import Visitor, start_server
from benchmarks.stack import CHECKOUT, Environment, Stack, free_port, wait_for
from coderadmin.programs import worker_command

REST = 15.0  # seconds after the start of the embedded stack
WATCHED = 60.0  # seconds for which its idle processor time is taken
IMPORT_WEB = "import coderadmin.wsgi, coderadmin.urls"
FIRST_PAGES = (LIST, "/environments/", "/manage/audit/")
FEW = World(providers=100, organizations=50, environments=100, audit=1_000)
FOR_DEVELOPERS = ("jinja2", "msgpack", "greenlet")


def measure(stack: Stack, quick: bool) -> Report:
    repeated = 3 if quick else 9
    installed = _as_installed(stack.folder / "not-installed")
    targets = [*_starts(stack, installed, repeated), *_programs(stack, installed)]
    return Report(targets=targets if quick else [*targets, *_embedded_stack(stack, installed)])


def _as_installed(hiding: Path) -> Environment:
    """Variables under which Python does not find what only developers have, and keeps what it compiles."""
    hiding.mkdir()
    for module in FOR_DEVELOPERS:
        hiding.joinpath(f"{module}.py").write_text("raise ImportError")
    own = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return own | {"PYTHONPATH": str(hiding)}


def _starts(stack: Stack, own: Environment, repeated: int) -> Iterator[Target]:
    web = {**own, **stack.variables}
    yield Target(
        what="import of the web process: CPU",
        value=_median(repeated, lambda: _run([sys.executable, "-c", IMPORT_WEB], web)[1]),
        unit=" s",
        most=0.6,
    )
    help_command = [sys.executable, "-m", "coderadmin.cli", "--help"]
    yield Target(
        what="coderadmin --help",
        value=_median(repeated, lambda: _run(help_command, own)[0]) * 1000,
        unit=" ms",
        most=150,
    )


def _programs(stack: Stack, installed: Environment) -> Iterator[Target]:
    """One at a time, at rest; the web process after its first pages."""
    environment = stack.database("footprint") | {"PYTHONPATH": installed["PYTHONPATH"]}
    stack.run(["benchmarks.seed"], environment, given=json.dumps(vars(FEW)))
    server = start_server(stack, "web-footprint", environment, threads=8)
    visitor = Visitor(server.port)
    visitor.sign_in()
    for path in FIRST_PAGES:
        visitor.get(path)
    yield _memory("web process, after its first pages", server.workers[0], 110)
    worker = stack.start("worker-footprint", worker_command(concurrency=8), environment)
    time.sleep(REST)
    yield _memory("worker, at rest", worker.pid, 140)
    yield _memory("envproxy, at rest", start_envproxy(stack)[0].pid, 60)


def _memory(what: str, pid: int, most: float) -> Target:
    return Target(what=f"{what}: resident", value=resident_megabytes([pid]), unit=" MB", most=most)


def _embedded_stack(stack: Stack, installed: Environment) -> Iterator[Target]:
    """`coderadmin run` in a folder of its own: memory that processes share is counted once."""
    port = free_port()
    settings = {
        **{name: value for name, value in installed.items() if name not in stack.variables},
        "CODERADMIN_DATA_DIR": str(stack.folder / "instance"),
        "CODERADMIN_PORT": str(port),
    }
    program = stack.start("instance", [sys.executable, "-m", "coderadmin.cli", "run"], settings)
    program.stop_seconds = REST
    wait_for(Visitor(port).answers, "coderadmin run does not answer", seconds=180)
    time.sleep(REST)
    before = cpu_seconds(tree(program.pid))
    time.sleep(WATCHED)
    pids = tree(program.pid)
    yield Target(what="whole embedded stack", value=resident_megabytes(pids), unit=" MB", most=650)
    idle = (cpu_seconds(pids) - before) / WATCHED * 100
    yield Target(what="whole embedded stack, idle: of a core", value=idle, unit=" %", most=2)
    stack.stop(program)


def _median(repeated: int, measured: Callable[[], float]) -> float:
    measured()  # a first one that is not counted: files are read from the disk
    return median(measured() for _ in range(repeated))


def _run(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Seconds on the clock, and of the processor."""
    used, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, env=environment, cwd=CHECKOUT, check=True, capture_output=True)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
