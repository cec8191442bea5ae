"""Checks of a fleet of endpoints on loopback: what one costs beside a bare client, and whether all come in time.

Where the fleet is smaller than FULL, interval and time-out are shorter in the same measure: a worker has as many checks
a second as with the whole one, and waits for as many. Laps, which tell what a check costs over an open connection, are
of as many endpoints as a worker keeps one to.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

import psycopg

from benchmarks.bare import Bare, lap_of_many
from benchmarks.fleet import Fleet, start_fleet
from benchmarks.kernel import one_core
from benchmarks.measures import Report, Sample, Target
from benchmarks.processes import cpu_of, resident_of
from benchmarks.stack import BenchmarkError, Environment, Stack
from coderadmin.embedded.processes import Child
from coderadmin.programs import beat_command, worker_command
from providers.kube.pool import MOST_KEPT

FULL, INTERVAL, TIMEOUT = 10_000, 30.0, 10.0  # providers, each checked every so many seconds, for at most so many
QUICK = 200  # endpoints
LAP, LAPS = MOST_KEPT, 7  # endpoints of a lap, and laps by the bare client and by the worker in turns
SHORT_LAP, WARM_LAPS = 1_000, 10  # for several workers: each has met nearly all endpoints before it counts
LIMIT = 2000.0  # milliseconds
CONCURRENCY = 8  # the worker's default
PATIENCE = 300.0  # seconds for one lap
DEAD_SHARE = 10  # every so many-th is dead: one refuses, the next is silent
OUTAGE = 20  # endpoints
BARE, OURS = "one check by a bare client", "one check by the worker, all of it"

# Each stored check with the moment for which the next one is planned.
LOG = """
CREATE UNLOGGED TABLE check_log (provider_id uuid, live bool, checked_at timestamptz, next_check_at timestamptz);
CREATE FUNCTION log_check() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO check_log VALUES (NEW.id, NEW.failed_checks = 0, NEW.last_check_at, NEW.next_check_at); RETURN NULL;
END $$;
CREATE TRIGGER log_check AFTER UPDATE OF last_check_at ON providers_workspaceprovider
  FOR EACH ROW EXECUTE FUNCTION log_check();
"""
LATENESS = """
SELECT 1000 * extract(epoch FROM checked_at - due) FROM (
  SELECT checked_at, live, lag(next_check_at) OVER (PARTITION BY provider_id ORDER BY checked_at) AS due FROM check_log
) AS checks WHERE live AND due BETWEEN %s AND %s
"""
NOW = "UPDATE providers_workspaceprovider SET next_check_at = now() WHERE name = ANY(%s)"
REST = "UPDATE providers_workspaceprovider SET next_check_at = NULL"
SPREAD = """
UPDATE providers_workspaceprovider SET next_check_at = now() + random() * %s * interval '1 second'
WHERE name LIKE 'endpoint-%%'
"""
UNCHECKED = """
SELECT count(*) FROM providers_workspaceprovider JOIN unnest(%s::text[]) AS named (name) USING (name)
WHERE last_check_at IS NULL OR last_check_at < %s
"""
NOT_READY = "SELECT count(*) FROM providers_workspaceprovider WHERE name = ANY(%s) AND status <> 'ready'"


@dataclass
class Scene:
    """What all parts of the measurement use."""

    stack: Stack
    environment: Environment
    fleet: Fleet
    database: psycopg.Connection
    interval: float

    def workers(self, count: int) -> list[Child]:
        command = worker_command(concurrency=CONCURRENCY)
        return [self.stack.start(f"worker-{n}", command, self.environment) for n in range(count)]


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
        _compare_with_the_bare_client(scene, worker, report, laps=1 if quick else LAPS)
        _lap(scene, [worker], count)  # the first look at a provider asks more
        _watch_lateness(scene, worker, report, seconds=max(15.0, interval))
        _watch_an_outage(scene, report)
        report.targets.append(_memory(worker, count))
        stack.stop(worker)
        if not quick:
            _add_workers(scene, report)
        stack.stop(beat)
    return report


def _compare_with_the_bare_client(scene: Scene, worker: Child, report: Report, *, laps: int) -> None:
    """In turns A B A B, twice each beforehand so that connections are open. Values are processor time per check.

    Before any other endpoint is checked: a worker would keep the connections to those for KEPT_SECONDS.
    """
    bare, ours = Sample(name=BARE), Sample(name=OURS, baselines=[BARE])
    count = min(LAP, scene.fleet.count)
    with Bare(scene.fleet.file, count) as client:
        for lap in range(-2, laps):
            a, b = client.lap() / count * 1000, _lap(scene, [worker], count) / count * 1000
            if lap >= 0:
                bare.values.append(a)
                ours.values.append(b)
    report.samples += [bare, ours]
    note = "processor time of the client's one process; PostgreSQL's is not in it"
    what = "checks a second and core, as a multiple of the bare client's"
    report.targets.append(Target(what=what, value=bare.p50 / ours.p50, least=0.5, note=note))


def _lap(scene: Scene, workers: Sequence[Child], count: int) -> float:
    """Seconds of processor time that the workers took to check each of the first `count` endpoints once."""
    names = [f"endpoint-{number}" for number in range(count)]
    before = sum(map(cpu_of, workers))
    begin = datetime.now().astimezone()
    scene.database.execute(NOW, [names])
    end = time.monotonic() + PATIENCE
    while _number(scene, UNCHECKED, [names, begin]):
        if time.monotonic() > end:
            raise BenchmarkError(f"the endpoints are not checked after {PATIENCE:g} s")
        time.sleep(0.2)
    scene.database.execute(REST)
    return sum(map(cpu_of, workers)) - before


def _watch_lateness(scene: Scene, worker: Child, report: Report, *, seconds: float) -> None:
    count = scene.fleet.count
    dead = range(0, count, DEAD_SHARE)
    alive = Sample(name=f"lateness of {count:,} live ones", limit=LIMIT)
    beside = Sample(name=f"lateness of {count - len(dead):,} live ones beside {len(dead):,} dead", limit=LIMIT)
    beside.baselines = [alive.name]
    cpu: list[float] = []
    for sample in (alive, beside):
        modes = {} if sample is alive else {"aborted": list(dead[::2]), "silent": list(dead[1::2])}
        scene.fleet.behave(modes=modes)
        scene.database.execute(SPREAD, [scene.interval])
        time.sleep(scene.interval)
        begin, before = datetime.now().astimezone(), cpu_of(worker)
        time.sleep(seconds)
        cpu.append((cpu_of(worker) - before) / seconds * 100)
        moments = [begin, datetime.now().astimezone()]
        time.sleep(3 * LIMIT / 1000)  # also those who are late shall be stored
        sample.values = [float(row[0]) for row in scene.database.execute(LATENESS, moments)]
        if not sample.values:
            raise BenchmarkError(f"{sample.name}: none was found well")
    scene.fleet.behave()
    report.samples += [alive, beside]
    note = f"{count:,} every {scene.interval:g} s; the worker took {max(cpu):.0f} % of a core"
    for sample in (alive, beside):
        report.targets.append(Target(what=f"p99 {sample.name}", value=sample.p99, unit=" ms", most=LIMIT, note=note))


def _watch_an_outage(scene: Scene, report: Report) -> None:
    """From the moment in which some endpoints hang up until all are shown as Error, and back; in intervals."""
    broken = list(range(1, OUTAGE + 1))
    names = [f"endpoint-{number}" for number in broken]
    time.sleep(scene.interval)  # those that were dead are well again
    spans = []
    for modes, expected in (({"aborted": broken}, OUTAGE), ({}, 0)):
        began = time.monotonic()
        scene.fleet.behave(modes=modes)
        while _number(scene, NOT_READY, [names]) != expected and time.monotonic() < began + PATIENCE:
            time.sleep(0.1)
        spans.append((time.monotonic() - began) / scene.interval)
    scene.database.execute(REST)
    note = f"the last of {OUTAGE}; interval {scene.interval:g} s, of which the sweep takes up to a second"
    report.targets += [
        Target(what="an outage is shown, in intervals", value=spans[0], most=2, note=note),
        Target(what="a recovery is shown, in intervals", value=spans[1], most=1, note=note),
    ]


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
            "by processor time, on one core that they share by time-slicing; fleet and database have the other; "
            f"{count} bare clients that share nothing else bring {count * bare[1] / bare[count]:.2f}"
        )
        value = count * costs[1] / costs[count]
        report.targets.append(Target(what=f"throughput of {count} workers", value=value, least=least, note=note))


def _memory(worker: Child, count: int) -> Target:
    note = f"after minutes, with {count:,} endpoints; for an hour: benchmarks/memory.py"
    return Target(
        what="resident memory of the worker", value=resident_of(worker) / 2**20, unit=" MB", most=250, note=note
    )


def _number(scene: Scene, query: str, values: Sequence[object]) -> int:
    row = scene.database.execute(query, values).fetchone()
    return int(row[0]) if row else 0
