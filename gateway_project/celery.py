"""The Celery application: one task, which calls for the drain that it is told."""

import os
import threading
from typing import Any

from celery import Celery, signals

from gateway_project.lib.kicks import TASK
from gateway_project.operations.runner import Runner

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")

WAKE_SECONDS = 0.5

# The fixup for Django has everything checked once more, and looks after connections to the database
# that this task has none of.
app = Celery("gatehouse", fixups=())
app.config_from_object("gateway_project.celery_settings")
app.set_default()  # for every thread, not only the one that imports this

stop = threading.Event()
runner = Runner(stop)


@app.task(name=TASK, Request="gateway_project.celery_consumer:Kick")  # type: ignore[untyped-decorator]
def drain(name: str, key: str) -> None:
    """Has this process drain the key, soon or again."""
    runner.ask(name, key)


def _claim_no_more(**_: Any) -> None:
    stop.set()


def _stay_wakeable(sender: Any, **_: Any) -> None:
    """A signal does not end the wait for the broker; a timer does, so there is always one."""
    sender.timer.call_repeatedly(WAKE_SECONDS, bool)


def _keep_djangos_logging(**_: Any) -> None:
    """Being connected is what tells Celery to leave logging alone."""


signals.worker_shutting_down.connect(_claim_no_more)
signals.worker_ready.connect(_stay_wakeable)
signals.setup_logging.connect(_keep_djangos_logging)
