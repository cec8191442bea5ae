"""Celery's scheduler as we run it: in a program of its own, or in the thread of a worker."""

import os
import signal
import threading

from celery import Celery
from celery.beat import PersistentScheduler, Service

STOP_SECONDS = 1.0  # the thread sleeps no longer at a time, so that it can be stopped


class PunctualScheduler(PersistentScheduler):
    """Sleeps until the next task is due.

    Celery's own wakes 10 ms before and then looks again and again until it is, which is most of what it costs at rest.
    """

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
