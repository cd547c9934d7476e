"""The Celery application."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.reference.settings")

from django.conf import settings

app = Celery("usual", broker=settings.BROKER_URL)
app.conf.update(task_default_queue=settings.QUEUE, worker_hijack_root_logger=False)
app.autodiscover_tasks(["benchmarks.reference"])
