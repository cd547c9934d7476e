"""`demo`: a whole gateway with sample data, in one command."""

import asyncio
import json
import os
import threading
import time
import urllib.request
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from gateway_project.operations.demo import Demo, open_demo
from gateway_project.operations.performance import Performance
from gateway_project.operations.processes import Processes, gatehouse
from gateway_project.operations.stopping import stop_on_signals

START_SECONDS = 60.0
LOOK_SECONDS = 0.1


class Command(BaseCommand):
    help = "Sets up sample data, starts everything and plays Smartico once. Stays until Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = stop_on_signals()
        console = Console()
        demo = open_demo()
        demo.refuse_taken_ports()
        console.print("Setting up database, configuration and users ...")
        demo.set_up()
        connections.close_all()
        processes = gatehouse(demo.environment())
        try:
            console.print("Starting web, worker and scheduler ...")
            processes.start()
            if wait_until_ready(demo, processes, stop):
                demo.write()
                console.print(addresses(demo))
                asyncio.run(stay(demo, processes, stop, console))
        finally:
            ended = processes.ended()
            demo.forget()
            processes.stop()
        if ended and not stop.is_set():
            raise CommandError(f"Ended by itself: {', '.join(ended)}. The rest was stopped.")


def wait_until_ready(demo: Demo, processes: Processes, stop: threading.Event) -> bool:
    """True once the web server says it is ready; False where that is not to be waited for."""
    deadline = time.monotonic() + START_SECONDS
    while not stop.wait(LOOK_SECONDS) and not processes.ended():
        if _is_ready(f"{demo.url}/health/ready"):
            return True
        if time.monotonic() > deadline:
            raise CommandError(f"The web server was not ready within {START_SECONDS:.0f} s.")
    return False


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  our own http URL
            return bool(json.load(answer)["status"] in ("ready", "degraded"))
    except (OSError, ValueError, KeyError):
        return False


async def stay(demo: Demo, processes: Processes, stop: threading.Event, console: Console) -> None:
    """Plays once unless told not to, then stays until stopped or one of the processes ends."""
    performance = Performance(demo, console)
    await performance.open()
    async with asyncio.TaskGroup() as tasks:
        playing = [tasks.create_task(performance.play())] if is_traffic_wanted() else []
        while not stop.is_set() and not processes.ended():
            await asyncio.sleep(LOOK_SECONDS)
        for task in playing:
            task.cancel()
    await performance.close()


def is_traffic_wanted() -> bool:
    return os.environ.get("DEMO_TRAFFIC", "1") != "0"


def addresses(demo: Demo) -> Panel:
    """Where to look, and with what."""
    admin = demo.facts()["admin"]
    lines = Table.grid(padding=(0, 2))
    lines.add_row("Admin", f"{demo.url}/admin/")
    lines.add_row("", f"{admin['user']}  {admin['password']}")
    lines.add_row("API docs", f"{demo.url}/api/docs")
    lines.add_row("Send", f"POST {demo.url}/api/v1/sms")
    lines.add_row("Keys, users", str(demo.file))
    lines.add_row("More traffic", ".venv/bin/python manage.py simulate_smartico")
    return Panel(lines, title="Gatehouse demo", expand=False)
