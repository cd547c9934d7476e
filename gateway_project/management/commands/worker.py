"""`worker`: sends messages and reports statuses."""

import logging
import os
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from gateway_project.operations import drains
from gateway_project.operations.embedded import EmbeddedWorker
from gateway_project.operations.stopping import stop_on_signals

CELERY_ARGUMENTS = [
    "--quiet",
    "worker",
    "--pool=threads",
    "--concurrency=16",
    "--without-gossip",
    "--without-mingle",
    "--without-heartbeat",
]
GRACE_SECONDS = 30


class Command(BaseCommand):
    help = "Sends and reports. With BROKER_URL as a Celery worker, else as a loop of its own."

    def handle(self, *args: Any, **options: Any) -> None:
        drains.load()
        if settings.BROKER_URL:
            self.run_celery()
        else:
            self.run_embedded()

    def run_celery(self) -> None:
        from gateway_project.celery import app

        for noisy in ("celery.worker.strategy", "celery.app.trace"):
            logging.getLogger(noisy).setLevel(logging.WARNING)
        app.worker_main(CELERY_ARGUMENTS)

    def run_embedded(self) -> None:
        stop = stop_on_signals()
        threading.Thread(target=_leave_in_time, args=(stop,), daemon=True).start()
        EmbeddedWorker(stop).run()


def _leave_in_time(stop: threading.Event) -> None:
    """Ends the process when what is in the air does not settle; its leases run out elsewhere."""
    stop.wait()
    threading.Event().wait(GRACE_SECONDS)
    logging.getLogger(__name__).warning("stopped with sends still in the air")
    os._exit(0)
