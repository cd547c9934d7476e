"""The web server as it is run, before the test run's own database."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway_project.operations.processes import Processes, manage
from tests.operations.surroundings import (
    database_url,
    environment,
    free_port,
    is_ready,
    wait_until,
)


@contextmanager
def web_server(data_dir: Path, **settings: str) -> Iterator[int]:
    """Its port."""
    port = free_port()
    surroundings = environment(data_dir, port, **{"DATABASE_URL": database_url(), **settings})
    processes = Processes({"serve": manage("serve")}, surroundings)
    processes.start()
    try:
        wait_until(lambda: is_ready(port) or processes.ended())
        yield port
    finally:
        processes.stop()
