"""`worker`: sends messages and reports statuses."""

import argparse
import logging
import os
import threading
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from gateway_project.checks import SETTINGS
from gateway_project.lib import connections, kicks, observing
from gateway_project.lib.http import close_http_client
from gateway_project.lib.shares import share_among
from gateway_project.operations import drains
from gateway_project.operations.clock import Clock
from gateway_project.operations.processes import become_several, manage, one_for_each_core
from gateway_project.operations.pulse import Pulse
from gateway_project.operations.runner import Runner
from gateway_project.operations.stopping import stop_on_signals
from gateway_project.operations.sweep import BESIDE_KICKS_SECONDS, Sweep

CELERY_OPTIONS = {
    "pool_cls": "solo",  # a kick is taken in no time: handing it to a thread would cost more
    "quiet": True,
    "without_gossip": True,
    "without_mingle": True,
    "without_heartbeat": True,
}
CELERY_MODULES = (
    "billiard.pool",
    "celery.app.control",
    "celery.app.log",
    "celery.apps.worker",
    "celery.backends.base",
    "celery.concurrency.solo",
    "celery.worker.autoscale",
    "celery.worker.components",
    "celery.worker.consumer.delayed_delivery",
    "celery.worker.strategy",
    "gateway_project.celery_consumer",
)
"""What a Celery worker would import by itself after the processes have parted."""
GRACE_SECONDS = 30
"""How long calls that are in the air may take when the worker is to stop."""
LAST_SECONDS = 3
"""For writing down what came of those that were broken off."""


class Command(BaseCommand):
    help = "Sends and reports. With BROKER_URL as a Celery worker, else as a loop of its own."
    requires_system_checks = (SETTINGS,)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--processes", type=int, default=one_for_each_core())
        parser.add_argument(
            "--sharing",
            type=int,
            default=1,
            metavar="PROCESSES",
            help="How many processes share the limits of calls at a time, other workers' included. "
            "Default: the processes of this command.",
        )
        parser.add_argument("--one-of", type=int, default=1, help=argparse.SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        processes = options["processes"]
        sharing = max(processes, options["sharing"])
        one_of = max(processes, options["one_of"])
        self.load()
        if processes > 1:
            told = {"processes": 1, "sharing": sharing, "one-of": one_of}
            one = manage("worker", *(f"--{name}={value}" for name, value in told.items()))
            become_several(processes, one)
        share_among(sharing)
        self.pulse = Pulse("worker", siblings=one_of)
        observing.begin("worker")
        if settings.BROKER_URL:
            self.run_celery()
        else:
            self.run_embedded()

    def load(self) -> None:
        """Imports what a worker is made of: what is there when processes part, they share."""
        drains.load()
        if settings.BROKER_URL:
            for name in CELERY_MODULES:
                import_module(name)
            kicks.load()

    def run_celery(self) -> None:
        """Celery brings kicks; the sweep beside it finds what none has told of."""
        from gateway_project.celery import app, runner, stop

        connections.close()  # the checks have opened one, and this thread needs none any more
        _leave_in_time(stop)
        _beat(self.pulse, stop)
        pauses = {"pause": BESIDE_KICKS_SECONDS, "idle_pause": BESIDE_KICKS_SECONDS}
        sweep = threading.Thread(target=Sweep(runner, stop, **pauses).run, name="sweep")
        sweep.start()
        try:
            app.Worker(**CELERY_OPTIONS).start()
        finally:
            stop.set()
            sweep.join()
            runner.close()

    def run_embedded(self) -> None:
        stop = stop_on_signals()
        _leave_in_time(stop)
        _beat(self.pulse, stop)
        runner = Runner(stop)
        Sweep(runner, stop).run()
        runner.close()


def _beat(pulse: Pulse, stop: threading.Event) -> None:
    """Has the back office know that this worker lives, until `stop` is set."""
    clock = Clock((pulse.beat,), stop)
    threading.Thread(target=clock.run, name="pulse", daemon=True).start()


def _leave_in_time(stop: threading.Event) -> None:
    """Once `stop` is set, ends calls that do not end by themselves, and at last the process: the
    leases of what it has not written run out elsewhere."""

    def leave() -> None:
        stop.wait()
        pause = threading.Event()
        pause.wait(GRACE_SECONDS)
        close_http_client()
        pause.wait(LAST_SECONDS)
        logging.getLogger(__name__).warning("stopped with sends still in the air")
        os._exit(0)

    threading.Thread(target=leave, name="leave", daemon=True).start()
