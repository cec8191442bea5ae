"""The scheduler: it sleeps until something is due; beside a worker's tasks it works, and ends, with the worker."""

import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from redis import Redis
from redis.exceptions import ConnectionError
from redis.lock import Lock

from coderadmin import broker
from coderadmin.celery import app, sweep
from coderadmin.programs import worker_command
from coderadmin.schedule import SCHEDULE, SWEEPS
from coderadmin.scheduler import LEASE, LEASE_SECONDS, PunctualScheduler

SECONDS = 60.0


def scheduling_worker(schedule: Path) -> list[str]:
    return worker_command(concurrency=1, queues=["nobody"], schedule=schedule)


def test_it_sleeps_until_the_next_task_is_due(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now, sent = datetime.now(UTC), list[str]()
    monkeypatch.setattr(app, "now", lambda: now)
    monkeypatch.setattr(PunctualScheduler, "apply_async", lambda self, entry, **options: sent.append(entry.task))
    scheduler = PunctualScheduler(app=app, schedule_filename=str(tmp_path / "schedule"))
    now += timedelta(seconds=scheduler.tick())
    assert (scheduler.tick(), sent) == (0, ["providers.check_due_providers"])
    scheduler.close()


def test_a_clock_that_was_set_back_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now, sent = datetime.now(UTC), list[str]()
    monkeypatch.setattr(app, "now", lambda: now)
    monkeypatch.setattr(PunctualScheduler, "apply_async", lambda self, entry, **options: sent.append(entry.task))
    scheduler = PunctualScheduler(app=app, schedule_filename=str(tmp_path / "schedule"))
    now -= timedelta(hours=1)
    for _ in range(30):
        now += timedelta(seconds=scheduler.tick())
    assert {"providers.check_due_providers", "coderadmin.sweep"} <= set(sent)
    scheduler.close()


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[str]]]:
    """Two schedulers; gives the names of those that sent something when both were asked to."""
    sent = list[str]()
    monkeypatch.setattr(PunctualScheduler, "apply_async", lambda self, *_, **__: sent.append(self.schedule_filename))
    monkeypatch.setattr(PunctualScheduler, "is_due", lambda self, entry: (True, 1.0))
    both = [PunctualScheduler(app=app, schedule_filename=str(tmp_path / name)) for name in ("first", "second")]

    def ask() -> list[str]:
        sent.clear()
        for scheduler in both:
            scheduler.tick()
        return [Path(name).name for name in sent]

    yield ask
    for scheduler in both:
        scheduler.close()
    lease().delete(LEASE)


def lease() -> Redis:
    return broker.client(settings.REDIS_URL)


def test_of_two_schedulers_one_acts(two: Callable[[], list[str]]) -> None:
    assert two() == two() == ["first"]
    assert 0 < lease().pttl(LEASE) <= LEASE_SECONDS * 1000


def test_another_acts_when_the_lease_has_run_out(two: Callable[[], list[str]]) -> None:
    two()
    lease().set(LEASE, "of one that was killed", px=1)
    time.sleep(0.01)
    assert two() == ["first"]
    lease().set(LEASE, "of a third", ex=60)
    assert two() == []


def test_none_acts_while_messages_go_nowhere(two: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(Lock, "do_acquire", refuse)
        assert two() == []
    assert two() == ["first"]


def test_what_is_scheduled_exists() -> None:
    app.loader.import_default_modules()
    assert {entry["task"] for entry in SCHEDULE.values()} | set(SWEEPS) <= set(app.tasks)


def test_a_sweep_that_fails_keeps_no_other_from_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setitem(app.tasks, "first", lambda: done[0])
    monkeypatch.setitem(app.tasks, "second", lambda: done.append("second"))
    sweep(["first", "second"])
    assert done == ["second"]


def test_a_worker_that_schedules_sends_the_sweeps_and_stops_when_asked(tmp_path: Path) -> None:
    with app.connection_for_read() as connection, connection.SimpleQueue("checks") as queue:
        queue.clear()
        with subprocess.Popen(scheduling_worker(tmp_path / "schedule"), stderr=subprocess.DEVNULL) as worker:
            message = queue.get(timeout=SECONDS)
            worker.terminate()
            assert worker.wait(SECONDS) == 0
        queue.clear()
    assert message.headers["task"] in {entry["task"] for entry in SCHEDULE.values()}


def test_a_worker_does_not_go_on_without_its_scheduler(tmp_path: Path) -> None:
    done = subprocess.run(
        scheduling_worker(tmp_path / "missing" / "schedule"), capture_output=True, text=True, timeout=SECONDS
    )
    assert "No such file or directory" in done.stderr
