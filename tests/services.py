"""The services that tests talk to, where they are, and which of them are not there."""

import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

POSTGRESQL_URL = os.environ.get("TEST_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/gatehouse")
REDIS_URL = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/15")
RABBITMQ_URL = os.environ.get("TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//")
DOVECOT_PATH = os.environ.get("DOVECOT_PATH", "/usr/sbin/dovecot")
NGINX_PATH = os.environ.get("NGINX_PATH", "/usr/sbin/nginx")
CHROMIUM_PATH = os.environ.get("CHROMIUM_PATH", "/usr/bin/chromium")

BROKERS = (
    pytest.param(REDIS_URL, id="redis", marks=pytest.mark.redis),
    pytest.param(RABBITMQ_URL, id="rabbitmq", marks=pytest.mark.rabbitmq),
)
"""For a test that is to be run with each."""


def _answers(url: str) -> bool:
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=2):
            return True
    except OSError:
        return False


def missing() -> dict[str, str]:
    """By pytest marker: what is not there, in words for the last lines of a run."""
    found = {
        "postgresql": (_answers(POSTGRESQL_URL), "PostgreSQL"),
        "redis": (_answers(REDIS_URL), "Redis"),
        "rabbitmq": (_answers(RABBITMQ_URL), "RabbitMQ"),
        "dovecot": (Path(DOVECOT_PATH).exists(), "Dovecot"),
        "nginx": (Path(NGINX_PATH).exists(), "nginx"),
        "browser": (Path(CHROMIUM_PATH).exists(), "Chromium"),
    }
    return {marker: name for marker, (is_there, name) in found.items() if not is_there}
