"""Apprise API, a Django service that passes messages on and keeps nothing.

It is not on PyPI: APPRISE_API names a checkout of it with an environment under `.venv`, in which
its `requirements.txt` is installed.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import loading
from benchmarks.bench import Bench
from benchmarks.services import Service, free_port, running
from benchmarks.trial import Figures
from benchmarks.usage import Usage

PATH = "/notify"
SERVER = ("-m", "gunicorn", "--worker-class", "gevent", "--workers", "5", "--log-level", "error")
"""As its own configuration has it on two cores."""

WARM_UP_SECONDS = 5.0
"""Each of its processes loads all services at its first request, and stands still for good where
others come in meanwhile: one after the other."""


def missing(bench: Bench) -> str:
    if not os.environ.get("APPRISE_API"):
        return "Apprise API is not on PyPI, and APPRISE_API names no checkout of it"
    return ""


def accept(bench: Bench) -> Figures:
    """It sends a message before it answers: this is accepting and sending at once."""
    bench.outside.forget()
    with serving(bench) as (service, port):
        post(bench, port, WARM_UP_SECONDS, connections=1)
        bench.outside.forget()
        usage = Usage(service)
        load = post(bench, port, bench.seconds, bench.connections)
        load.check(bench.outside.sent()["different"], bench.connections)
        return {**load.figures, **usage.figures(load.requests)}


@contextmanager
def serving(bench: Bench) -> Iterator[tuple[Service, int]]:
    home, port = Path(os.environ["APPRISE_API"]), free_port()
    state = bench.directory / "apprise"
    service = Service(
        "web",
        [str(home / ".venv/bin/python"), *SERVER, "--bind", f"127.0.0.1:{port}", "core.wsgi"],
        environment={
            "DJANGO_SETTINGS_MODULE": "core.settings",
            "ALLOWED_HOSTS": "127.0.0.1",
            "APPRISE_CONFIG_DIR": str(state),
            "APPRISE_ALLOW_SERVICES": "json",
            "LOG_LEVEL": "ERROR",
        },
        log=bench.directory / "apprise.log",
        port=port,
        directory=home / "apprise_api",
    )
    with running(service):
        yield service, port


def post(bench: Bench, port: int, seconds: float, connections: int) -> loading.Load:
    target = f"{bench.outside.provider_url.replace('http', 'json', 1)}/apprise"
    told = (PATH, loading.prefix(), target)
    return loading.load("apprise.lua", port, told, seconds=seconds, connections=connections)
