"""Checks of a fleet of endpoints on loopback: what one costs beside a bare client, and whether all come in time.

Where the fleet is smaller than FULL, interval and time-out are shorter in the same measure: a worker has as many checks
a second as with the whole one, and waits for as many. Laps, which tell what a check costs over an open connection, are
of as many endpoints as a worker keeps one to.
"""

import time
from collections.abc import Sequence
from datetime import datetime
from statistics import median

import psycopg

from benchmarks.bare import Bare, lap_of_many
from benchmarks.fleet import start_fleet
from benchmarks.kernel import one_core
from benchmarks.lateness import NOW, lose_a_worker, watch_an_outage, watch_lateness
from benchmarks.measures import Report, Sample, Target
from benchmarks.processes import cpu_of, resident_of
from benchmarks.scene import LOG, Scene, names_of
from benchmarks.stack import BenchmarkError, Stack
from coderadmin.embedded.processes import Child
from coderadmin.programs import beat_command
from providers.kube.pool import MOST_KEPT

FULL, INTERVAL, TIMEOUT = 10_000, 30.0, 10.0  # providers, each checked every so many seconds, for at most so many
QUICK = 200  # endpoints
# By the bare client and by the worker in turns: of MOST_KEPT endpoints, and of the whole fleet.
LAPS, LAPS_OF_ALL = 7, 3
SHORT_LAP, WARM_LAPS = 1_000, 10  # for several workers: each has met nearly all endpoints before it counts
PATIENCE = 300.0  # seconds for one lap
BARE, OURS = "one check by a bare client", "one check by the worker, all of it"

UNCHECKED = """
SELECT count(*) FROM providers_workspaceprovider JOIN unnest(%s::text[]) AS named (name) USING (name)
WHERE last_check_at IS NULL OR last_check_at < %s
"""


def measure(stack: Stack, quick: bool) -> Report:
    """CPU of a check against the bare client, lateness without and with dead ones, outage and recovery, memory."""
    count = QUICK if quick else FULL
    interval = max(2.0, INTERVAL * count / FULL)
    environment = stack.database(
        "checks",
        CODERADMIN_CHECK_INTERVAL=str(interval),
        CODERADMIN_CHECK_TIMEOUT=str(TIMEOUT * interval / INTERVAL),
        CODERADMIN_ALLOWED_NETWORKS="127.0.0.0/8",
    )
    fleet = start_fleet(stack, environment, count=count)
    report = Report()
    with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as database:
        database.execute(LOG)
        scene = Scene(stack, environment, fleet, database, interval)
        beat = stack.start("beat", beat_command(stack.folder / "beat-schedule"), environment)
        (worker,) = scene.workers(1)
        _compare_with_the_bare_client(scene, worker, report, count=min(MOST_KEPT, count), laps=1 if quick else LAPS)
        _lap(scene, [worker], count)  # the first look at a provider asks more
        if not quick:
            _compare_with_the_bare_client(scene, worker, report, count=count, laps=LAPS_OF_ALL)
        watch_lateness(scene, worker, report, seconds=max(15.0, interval))
        watch_an_outage(scene, report)
        report.targets.append(_memory(worker, count))
        stack.stop(worker)
        if not quick:
            lose_a_worker(scene, report)
            _add_workers(scene, report)
        stack.stop(beat)
    return report


def _compare_with_the_bare_client(scene: Scene, worker: Child, report: Report, *, count: int, laps: int) -> None:
    """In turns A B A B, twice each beforehand so that connections are open. Values are processor time per check.

    As many endpoints as a worker keeps connections to come before any other is checked: it would keep the connections
    to those for KEPT_SECONDS. Of the whole fleet it makes a connection for most checks; the client keeps all its own.
    """
    of = f", {count:,} endpoints"
    bare, ours = Sample(name=BARE + of), Sample(name=OURS + of, baselines=[BARE + of])
    with Bare(scene.fleet.file, count) as client:
        for lap in range(-2, laps):
            a, b = client.lap() / count * 1000, _lap(scene, [worker], count) / count * 1000
            if lap >= 0:
                bare.values.append(a)
                ours.values.append(b)
    report.samples += [bare, ours]
    note = "processor time of the client's one process; PostgreSQL's is not in it"
    what = f"checks a second and core{of}, as a multiple of the bare client's"
    report.targets.append(Target(what=what, value=bare.p50 / ours.p50, least=0.5, note=note))


def _lap(scene: Scene, workers: Sequence[Child], count: int) -> float:
    """Seconds of processor time that the workers took to check each of the first `count` endpoints once."""
    names = names_of(range(count))
    before = sum(map(cpu_of, workers))
    begin = datetime.now().astimezone()
    scene.database.execute(NOW, [names])
    end = time.monotonic() + PATIENCE
    while scene.number(UNCHECKED, [names, begin]):
        if time.monotonic() > end:
            raise BenchmarkError(f"the endpoints are not checked after {PATIENCE:g} s")
        time.sleep(0.2)
    scene.rest()
    return sum(map(cpu_of, workers)) - before


def _add_workers(scene: Scene, report: Report) -> None:
    """The same lap by more processes: how much more a core each would bring, were there as many cores.

    They share one by time-slicing: two on two cores would each be slowed by the other, and by the fleet. As many bare
    clients, which have nothing in common but the core, tell what time-slicing alone takes.
    """
    costs, bare = {}, {}
    for count in (1, 2, 4):
        with one_core():
            bare[count] = lap_of_many(scene.fleet.file, count, SHORT_LAP, laps=LAPS)
            workers = scene.workers(count)
        laps = [_lap(scene, workers, SHORT_LAP) for _ in range(WARM_LAPS + LAPS)]
        costs[count] = median(laps[WARM_LAPS:])
        for worker in workers:
            scene.stack.stop(worker)
    for count, least in ((2, 1.8), (4, 3.2)):
        note = (
            "by processor time, on one core that they share by time-slicing; fleet and database may use both; "
            f"{count} bare clients that share nothing else bring {count * bare[1] / bare[count]:.2f}"
        )
        value = count * costs[1] / costs[count]
        report.targets.append(Target(what=f"throughput of {count} workers", value=value, least=least, note=note))


def _memory(worker: Child, count: int) -> Target:
    note = f"after minutes, with {count:,} endpoints; for an hour: benchmarks/memory.py"
    return Target(
        what="resident memory of the worker", value=resident_of(worker) / 2**20, unit=" MB", most=250, note=note
    )
