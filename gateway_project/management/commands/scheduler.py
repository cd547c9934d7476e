"""`scheduler`: the clock."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from gateway_project.operations import drains
from gateway_project.operations.clock import Clock, Duty, Sweep
from gateway_project.operations.stopping import stop_on_signals
from messages_app import housekeeping


class Command(BaseCommand):
    help = "Recovers and closes messages every second, and with a broker sweeps for lost kicks."

    def handle(self, *args: Any, **options: Any) -> None:
        drains.load()
        duties: list[Duty] = [housekeeping.tick]
        if settings.BROKER_URL:
            duties.append(Sweep())
        Clock(duties, stop_on_signals()).run()
