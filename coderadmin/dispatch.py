"""Handing work to Celery once the transaction has committed.

A broker that does not answer is not an error here: the row in the database is due, and the next sweep finds it.
"""

import logging

from django.db import transaction
from kombu.exceptions import OperationalError

from coderadmin.celery import app

logger = logging.getLogger(__name__)

# Seconds, and one attempt: somebody waits for the page, and nothing is lost.
BROKER_PATIENCE = {"socket_connect_timeout": 1.0, "socket_timeout": 1.0, "max_retries": 0}


def send(task: str, argument: object) -> None:
    """One message to the task of that name when the transaction has committed; JSON only, and never a secret."""

    def deliver() -> None:
        try:
            with app.connection_for_write(transport_options=BROKER_PATIENCE) as connection:
                app.send_task(task, args=[argument], connection=connection, retry=False)
        except OperationalError as error:
            logger.warning("the broker did not take %s: %s", task, error)

    transaction.on_commit(deliver)
