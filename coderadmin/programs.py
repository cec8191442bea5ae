"""The command lines of the three programs of a deployment: web, worker, beat."""

import sys
from collections.abc import Sequence
from pathlib import Path

WEB_WORKER = "coderadmin.web_worker.PromptWorker"
WEB_STOP_SECONDS = 25  # less than the 30 s that Kubernetes and systemd give at least


def web_command(
    bind: str, *, workers: int, threads: int, application: str = "coderadmin.wsgi:application"
) -> list[str]:
    """Gunicorn; the application is loaded before the workers are forked. No control socket, which would be in HOME."""
    return [
        *(sys.executable, "-m", "gunicorn", application),
        *("--bind", bind, "--worker-class", WEB_WORKER, "--workers", str(workers), "--threads", str(threads)),
        *("--preload", "--no-control-socket", "--graceful-timeout", str(WEB_STOP_SECONDS)),
        *("--env", "CODERADMIN_IS_WEB=true"),
    ]


QUEUES = ("checks", "operations")


def worker_command(*, concurrency: int, queues: Sequence[str] = QUEUES, schedule: Path | None = None) -> list[str]:
    """Celery with threads: a task mostly waits for a cluster, and Helm must not be loaded before a fork.

    With `schedule`, the scheduler's file, the worker is the scheduler too.
    """
    app = "coderadmin.embedded.scheduling" if schedule else "coderadmin"
    return [
        *(sys.executable, "-m", "celery", "-A", app, "worker", "--pool", "threads"),
        *("--queues", ",".join(queues), "--concurrency", str(concurrency)),
        *("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO"),
        *(("--schedule", str(schedule)) if schedule else ()),
    ]


def beat_command(schedule: Path) -> list[str]:
    """Celery's scheduler; `schedule` is the file in which it remembers when it last ran what."""
    return [
        *(sys.executable, "-m", "celery", "-A", "coderadmin", "beat"),
        *("--schedule", str(schedule), "--loglevel", "WARNING"),
    ]
