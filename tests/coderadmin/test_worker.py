"""A worker process: what it does once, when it is ready."""

import gc
from collections.abc import Iterator

import pytest
from celery.signals import worker_ready


@pytest.fixture
def collector() -> Iterator[None]:
    """The garbage collector as before, at the end."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_what_is_loaded_when_a_worker_is_ready_is_no_garbage_for_ever(collector: None) -> None:
    before = gc.get_freeze_count()
    worker_ready.send(sender=None)
    assert gc.get_freeze_count() > before + 10_000
    assert gc.get_threshold()[0] > 1_000
