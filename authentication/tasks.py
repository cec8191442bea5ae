"""Thin Celery entries: a service does the work. Safe to run twice, safe to lose."""

from celery import shared_task

from authentication import services


@shared_task(name="authentication.delete_ended_sessions")
def delete_ended_sessions() -> None:
    services.delete_ended_sessions()
