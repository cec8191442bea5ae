"""Celery's scheduler as we run it: in a program of its own, or in the thread of a worker; of several, one acts."""

import logging
import os
import signal
import threading
from contextlib import suppress
from datetime import timedelta
from functools import cached_property
from typing import Any

from celery import Celery
from celery.beat import PersistentScheduler, Service
from django.conf import settings
from redis.exceptions import LockError, RedisError
from redis.lock import Lock

from coderadmin import broker

logger = logging.getLogger(__name__)

LEASE, LEASE_SECONDS = "coderadmin-scheduler", 5.0  # after which another acts for one that was killed or cut off
STANDBY_SECONDS = 1.0
TOLERANCE = timedelta(seconds=1)
STOP_SECONDS = 1.0  # the thread sleeps no longer at a time, so that it can be stopped


class PunctualScheduler(PersistentScheduler):
    """Sleeps until the next task is due, and sends nothing while another one acts.

    Celery's own wakes 10 ms before and then looks again and again until it is, which is most of what it costs at rest.
    Who acts holds a lease where the messages go. Two that act for a moment, since one was asleep, do no harm: every
    sweep claims what it does.
    """

    def tick(self, *args: Any, **options: Any) -> float:
        if not self._acts():
            return STANDBY_SECONDS
        self._follow_clock()
        return super().tick(*args, **options)

    def _follow_clock(self) -> None:
        """When it was set back, what ran later than now would wait until then, also after a restart."""
        now = self.app.now()
        ahead = [entry for entry in self.schedule.values() if entry.last_run_at > now + TOLERANCE]
        for entry in ahead:
            entry.last_run_at = now
        if ahead:
            self._heap = None

    def close(self) -> None:
        super().close()
        with suppress(RedisError):
            self._lease.release()

    @cached_property
    def _lease(self) -> Lock:
        connected = broker.client(settings.REDIS_URL, **broker.TIMEOUTS)
        return connected.lock(LEASE, timeout=LEASE_SECONDS, thread_local=False)

    def _acts(self) -> bool:
        """Whether the lease is ours: for LEASE_SECONDS from now on."""
        try:
            with suppress(LockError):  # it is not ours, or not any more
                return self._lease.reacquire()
            return self._lease.acquire(blocking=False)
        except RedisError as error:
            logger.warning("The scheduler waits for the broker: %s", error)
            return False

    def adjust(self, n: float | None, drift: float = 0.0) -> float | None:
        return n


class SchedulerThread(threading.Thread):
    """The scheduler beside the tasks of a worker. Should it break off, the worker ends too, to be started again."""

    def __init__(self, app: Celery, schedule: str) -> None:
        super().__init__(name="scheduler", daemon=True)
        self._app = app
        scheduler = app.conf.beat_scheduler
        self._service = Service(app, STOP_SECONDS, schedule_filename=schedule, scheduler_cls=scheduler)
        self._stopping = False

    def run(self) -> None:
        self._app.set_current()
        try:
            self._service.start()
        finally:
            if not self._stopping:
                os.kill(os.getpid(), signal.SIGTERM)

    def stop(self) -> None:
        self._stopping = True
        self._service.stop()
        self.join(2 * STOP_SECONDS)
