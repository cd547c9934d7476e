"""`scheduler`: the clock."""

from typing import Any

from django.core.management.base import BaseCommand

from gateway_project.operations.clock import Clock
from gateway_project.operations.stopping import stop_on_signals
from messages_app import housekeeping


class Command(BaseCommand):
    help = "Takes lost messages back and closes expired ones, every second."

    def handle(self, *args: Any, **options: Any) -> None:
        Clock(housekeeping.DUTIES, stop_on_signals()).run()
