"""The Celery application: one task, which runs the drain it is told to."""

import os
import threading
from typing import Any

from celery import Celery, signals

from gateway_project.lib.kicks import TASK, kick
from gateway_project.operations import drains

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")

WAKE_SECONDS = 0.5

app = Celery("gatehouse")
app.config_from_object("gateway_project.celery_settings")
app.set_default()  # for every thread, not only the one that imports this

stop = threading.Event()
runner = drains.Runner(stop)


@app.task(name=TASK)  # type: ignore[untyped-decorator]
def drain(name: str, key: str) -> None:
    """Drains one key, or sees to it that this process, which does so already, does it again."""
    if runner.begin(name, key) and runner.run(name, key) and not stop.is_set():
        kick(name, key)


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
