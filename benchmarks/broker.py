"""The broker of a run: Redis, with databases that nobody else uses."""

import redis

from benchmarks.services import listens

PORT = 6379
OURS, USUAL = (f"redis://127.0.0.1:{PORT}/{number}" for number in (13, 14))
MISSING = f"no Redis server listens on port {PORT} (Debian: apt-get install redis-server)"


def is_there() -> bool:
    return listens(PORT)


def delete_queue(url: str, queue: str) -> None:
    """With whatever waits in it."""
    with redis.Redis.from_url(url) as connection:
        for key in connection.scan_iter(f"*{queue}"):  # and what Celery keeps about it
            connection.delete(key)
