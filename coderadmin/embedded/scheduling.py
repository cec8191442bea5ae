"""The Celery application of a worker that schedules too: the embedded stack needs no process for it.

It asks for `--schedule`, as Celery's `--beat` does, which would fork a process that nobody watches.
"""

from typing import Any

from celery import bootsteps

from coderadmin.celery import app
from coderadmin.scheduler import SchedulerThread

__all__ = ["app"]


class SchedulerStep(bootsteps.StartStopStep):
    """Started and stopped with the worker."""

    def create(self, worker: Any) -> SchedulerThread:
        return SchedulerThread(worker.app, worker.schedule_filename)


app.steps["worker"].add(SchedulerStep)
