"""`python -m benchmarks.memory FILE --minutes 60`: resident memory of a worker that checks without pause.

FILE gets a line every half minute: seconds since the fleet was due first, megabytes, checks so far. It ends with what
the last quarter added to the second, which is to be nothing.
"""

import time
from pathlib import Path
from statistics import median

import click
import psycopg

from benchmarks.checks import INTERVAL
from benchmarks.fleet import start_fleet
from benchmarks.processes import cpu_of, resident_of
from benchmarks.scene import Scene
from benchmarks.stack import running_stack
from coderadmin.programs import beat_command

PAUSE = 30.0  # seconds between two lines
REQUESTS = 4  # of a check


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--minutes", type=float, default=60.0)
@click.option("--size", type=int, default=10_000, help="Endpoints.")
@click.option("--interval", type=float, default=INTERVAL, help="Seconds from one check of an endpoint to the next.")
def main(file: Path, minutes: float, size: int, interval: float) -> None:
    with running_stack() as stack:
        environment = stack.database(
            "memory", CODERADMIN_CHECK_INTERVAL=str(interval), CODERADMIN_ALLOWED_NETWORKS="127.0.0.0/8"
        )
        fleet = start_fleet(stack, environment, count=size)
        with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as database:
            scene = Scene(stack, environment, fleet, database, interval)
            stack.start("beat", beat_command(stack.folder / "beat-schedule"), environment)
            (worker,) = scene.workers(1)
            scene.spread()
            began, lines = time.monotonic(), []
            with file.open("w") as out:
                while (seconds := time.monotonic() - began) < minutes * 60:
                    lines.append(resident_of(worker) / 2**20)
                    checks = fleet.behave() // REQUESTS
                    print(f"{seconds:.0f}\t{lines[-1]:.1f}\t{checks}", file=out, flush=True)
                    time.sleep(PAUSE)
            share = cpu_of(worker) / (time.monotonic() - began)
    quarter = len(lines) // 4
    early, late = median(lines[quarter : 2 * quarter]), median(lines[-quarter:])
    click.echo(f"{late:.1f} MB in the last quarter, {late - early:+.1f} MB against the second; {share:.0%} of a core")


if __name__ == "__main__":
    main()
