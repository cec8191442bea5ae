"""Handing work to Celery once the transaction has committed.

A broker that does not answer is not an error here: the row in the database is due, and the next sweep finds it.
"""

import logging
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from kombu.exceptions import OperationalError

from coderadmin.celery import app

logger = logging.getLogger(__name__)


def check_providers(ids: Sequence[UUID]) -> None:
    _send("providers.check_providers", [str(pk) for pk in ids])


def run_operation(operation_id: UUID) -> None:
    _send("providers.run_operation", str(operation_id))


def _send(task: str, argument: object) -> None:
    def send() -> None:
        try:
            app.send_task(task, args=[argument])
        except OperationalError as error:
            logger.warning("the broker did not take %s: %s", task, error)

    transaction.on_commit(send)
