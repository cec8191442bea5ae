"""The Celery application: JSON messages that carry ids only, no results (the database holds every outcome)."""

import gc
import logging
import os
from collections.abc import Sequence

from celery import Celery
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coderadmin.settings")
os.environ.setdefault("CELERY_SKIP_CHECKS", "true")  # Django's checks load all pages, which a worker has no use for

logger = logging.getLogger(__name__)
MOST_YOUNG = 10_000  # objects; hundreds of checks at the same time have more than the 700 that Python looks through

app = Celery("coderadmin")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_ready.connect
def settle(**_: object) -> None:
    """Have garbage looked for seldom, and never in what is loaded by now: that took a third of the time of checks."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(MOST_YOUNG, *gc.get_threshold()[1:])


@app.task(name="coderadmin.sweep")
def sweep(names: Sequence[str]) -> None:
    """These tasks, one after the other; one that fails keeps none of the others from its turn."""
    for name in names:
        try:
            app.tasks[name]()
        except Exception:
            logger.exception("%s failed", name)
