"""Thin Celery entries: a service does the work. Safe to run twice, safe to lose."""

from celery import shared_task

from organizations import services


@shared_task(name="organizations.delete_ended_sign_ins")
def delete_ended_sign_ins() -> None:
    services.delete_ended_sign_ins()
