"""The Celery application: JSON messages that carry ids only, no results (the database holds every outcome)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coderadmin.settings")
os.environ.setdefault("CELERY_SKIP_CHECKS", "true")  # Django's checks load all pages, which a worker has no use for

app = Celery("coderadmin")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
