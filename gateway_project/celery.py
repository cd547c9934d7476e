"""The Celery application: one task, which runs the drain it is told to."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")

app = Celery("gatehouse")
app.config_from_object("gateway_project.celery_settings")
app.autodiscover_tasks()
