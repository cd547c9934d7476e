"""Apprise API, a Django service that passes messages on and keeps nothing.

It is not on PyPI: APPRISE_API names a checkout of it with an environment under `.venv`, in which
its `requirements.txt` is installed.
"""

import json
import os
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import loading
from benchmarks.bench import Bench
from benchmarks.services import Service, free_port, running
from benchmarks.trial import Figures
from benchmarks.usage import Usage

KEEPS_NOTHING = (
    "it makes one call to a provider for each request and writes nothing down; ours writes a "
    "message, its try and its status, so that neither a crash nor a repeat costs or doubles one"
)
"""Why it is faster, where it is."""

PATH = "/notify"
SERVER = ("-m", "gunicorn", "--worker-class", "gevent", "--workers", "5", "--log-level", "error")
"""As its own configuration has it on two cores."""

WAKING = 25
"""Each process loads all services at its first request, and stands still for good where others come
in meanwhile: so many come first, one after the other, each on a connection of its own."""


def missing(bench: Bench) -> str:
    if not os.environ.get("APPRISE_API"):
        return "Apprise API is not on PyPI, and APPRISE_API names no checkout of it"
    return ""


def accept(bench: Bench) -> Figures:
    """It sends a message before it answers: this is accepting and sending at once."""
    with serving(bench) as (service, port):
        wake(bench, port)
        bench.outside.forget()
        usage = Usage(service)
        load = post(bench, port, bench.seconds)
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


def wake(bench: Bench, port: int) -> None:
    body = json.dumps({"urls": target(bench), "body": "wake up"}).encode()
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    for _ in range(WAKING):
        request = urllib.request.Request(  # noqa: S310  a server of ours
            f"http://127.0.0.1:{port}{PATH}", data=body, headers=headers
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            answer.read()


def target(bench: Bench) -> str:
    """What is to be notified: the provider."""
    return f"{bench.outside.provider_url.replace('http', 'json', 1)}/apprise"


def post(bench: Bench, port: int, seconds: float) -> loading.Load:
    told = (PATH, loading.prefix(), target(bench))
    return loading.load("apprise.lua", port, told, seconds=seconds, connections=bench.connections)
