"""Whether checks come in time: beside dead clusters, in an outage, and when a worker is lost."""

import os
import signal
import time
from collections.abc import Iterable
from datetime import datetime

from benchmarks.measures import Report, Sample, Target
from benchmarks.processes import cpu_of
from benchmarks.scene import Scene, names_of
from benchmarks.stack import BenchmarkError
from coderadmin.embedded.processes import Child

LIMIT = 2000.0  # milliseconds
DEAD_SHARE = 10  # every so many-th is dead: one refuses, the next is silent
OUTAGE = 20  # endpoints
PATIENCE = 5  # intervals
LOST = 1_000  # endpoints that two workers are checking when one is killed
SLOW = 1.0  # seconds for each answer of those, so that none is done by then

# A check that has not come is as late as it is by now.
LATENESS = """
SELECT 1000 * extract(epoch FROM coalesce(came, clock_timestamp()) - due) FROM (
  SELECT provider_id, next_check_at AS due, lead(checked_at) OVER (PARTITION BY provider_id ORDER BY checked_at) AS came
  FROM check_log
) AS checks JOIN providers_workspaceprovider ON id = provider_id WHERE name = ANY(%s) AND due BETWEEN %s AND %s
"""
FAILED = """
SELECT count(*) FROM check_log JOIN providers_workspaceprovider ON id = provider_id
WHERE NOT live AND name = ANY(%s) AND checked_at BETWEEN %s AND %s
"""
NOT_READY = "SELECT count(*) FROM providers_workspaceprovider WHERE name = ANY(%s) AND status <> 'ready'"
NOW = "UPDATE providers_workspaceprovider SET next_check_at = now() WHERE name = ANY(%s)"
CLAIMED = "SELECT count(*) FROM providers_workspaceprovider WHERE name = ANY(%s) AND next_check_at > now()"
UNCHECKED = "SELECT count(*) FROM providers_workspaceprovider WHERE name = ANY(%s) AND last_check_at < %s"


def watch_lateness(scene: Scene, worker: Child, report: Report, *, seconds: float) -> None:
    """Of the live ones alone, and then beside dead ones. What has been planned for so many seconds counts."""
    count = scene.fleet.count
    dead = range(0, count, DEAD_SHARE)
    alive = Sample(name=f"lateness of {count:,} live ones", limit=LIMIT)
    beside = Sample(name=f"lateness of {count - len(dead):,} live ones beside {len(dead):,} dead", limit=LIMIT)
    beside.baselines = [alive.name]
    report.samples += [alive, beside]
    _watch(scene, worker, report, alive, range(count), seconds=seconds)
    scene.break_down(refused=dead[::2], silent=dead[1::2])
    _watch(scene, worker, report, beside, set(range(count)) - set(dead), seconds=seconds)
    scene.repair()


def _watch(scene: Scene, worker: Child, report: Report, sample: Sample, live: Iterable[int], *, seconds: float) -> None:
    scene.spread()
    time.sleep(scene.interval)
    begin, before = datetime.now().astimezone(), cpu_of(worker)
    time.sleep(seconds)
    cpu = (cpu_of(worker) - before) / seconds
    span = [names_of(live), begin, datetime.now().astimezone()]
    time.sleep(3 * LIMIT / 1000)  # also those who are late shall be stored
    sample.values = [float(row[0]) for row in scene.database.execute(LATENESS, span)]
    if not sample.values:
        raise BenchmarkError(f"{sample.name}: none was due")
    note = f"{scene.fleet.count:,} every {scene.interval:g} s; the worker took {cpu:.0%} of a core"
    failed = scene.number(FAILED, span)
    report.targets += [
        Target(what=f"p99 {sample.name}", value=sample.p99, unit=" ms", most=LIMIT, note=note),
        Target(what=f"{sample.name}: taken for dead", value=failed, most=0, note=f"of {len(sample.values):,} checks"),
    ]


def watch_an_outage(scene: Scene, report: Report) -> None:
    """From the moment in which some endpoints fall silent or refuse until all are shown as Error, and back."""
    broken = range(1, OUTAGE + 1)
    time.sleep(scene.interval)  # those that were dead are well again
    scene.spread()
    time.sleep(scene.interval)
    began = time.monotonic()
    scene.break_down(refused=broken[::2], silent=broken[1::2])
    _wait(scene, NOT_READY, [names_of(broken)], OUTAGE)
    shown = time.monotonic()
    scene.repair()
    _wait(scene, NOT_READY, [names_of(broken)], 0)
    spans = (shown - began) / scene.interval, (time.monotonic() - shown) / scene.interval
    scene.rest()
    note = f"the last of {OUTAGE}, half of which refuse and half are silent; interval {scene.interval:g} s"
    report.targets += [
        Target(what="an outage is shown, in intervals", value=spans[0], most=2, note=note),
        Target(what="a recovery is shown, in intervals", value=spans[1], most=1, note=note),
    ]


def lose_a_worker(scene: Scene, report: Report) -> None:
    """One of two is killed in the middle of its checks: from then on until each that they had claimed is checked."""
    lost, other = scene.workers(2)
    names = names_of(range(min(LOST, scene.fleet.count)))
    time.sleep(scene.interval / 2)  # both work
    scene.fleet.behave(delay=SLOW)
    planned = datetime.now().astimezone()
    scene.database.execute(NOW, [names])
    _wait(scene, CLAIMED, [names], len(names))
    os.kill(lost.pid, signal.SIGKILL)
    began = time.monotonic()
    scene.fleet.behave()
    _wait(scene, UNCHECKED, [names, planned], 0)
    value = (time.monotonic() - began) / scene.interval
    scene.rest()
    for worker in (lost, other):
        scene.stack.stop(worker)
    note = f"the last of {len(names):,} that two workers were checking; interval {scene.interval:g} s"
    what = "a worker is killed: its checks are made by others, in intervals"
    report.targets.append(Target(what=what, value=value, most=1, note=note))


def _wait(scene: Scene, query: str, values: list[object], expected: int) -> None:
    """Raises BenchmarkError."""
    end = time.monotonic() + PATIENCE * scene.interval
    while (found := scene.number(query, values)) != expected:
        if time.monotonic() > end:
            raise BenchmarkError(f"{found} and not {expected} after {PATIENCE} intervals: {query}")
        time.sleep(0.1)
