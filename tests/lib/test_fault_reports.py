"""What Sentry is told of a fault: that it was, and where; nobody's data."""

import json
import subprocess
import sys

import pytest
from django.conf import settings

from gateway_project.lib.fault_reports import scrubbed
from gateway_project.lib.identifiers import new_id
from gateway_project.lib.journal import about
from tests.peers import http_peer

EMAIL, PHONE = "canary.jane@mailbox.example", "+4915112345678"
FAILS = """
import logging, os, sys, time
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
import django; django.setup()
from gateway_project.lib import fault_reports
from gateway_project.lib.http import close_http_client, http_client
fault_reports.begin(sys.argv[1], environment="staging")
def fail(recipient):
    raise ValueError(f"cannot write to {recipient}")
logging.getLogger("any").warning("no error")
try:
    fail("canary.jane@mailbox.example")
except ValueError:
    logging.getLogger("any").exception("sent to %s", "+4915112345678")
while http_client()._tasks or time.sleep(0.5):
    time.sleep(0.05)
"""


@pytest.fixture
def sentry():
    with http_peer() as peer:
        yield peer


def test_an_error_is_told_masked_and_with_its_traceback(sentry):
    subprocess.run(
        [sys.executable, "-c", FAILS, sentry.url.replace("//", "//thekey@") + "/7"],
        cwd=settings.BASE_DIR,
        capture_output=True,
        check=True,
    )
    (asked,) = sentry.asked
    assert asked.path == "/api/7/envelope/"
    assert "sentry_key=thekey" in asked.headers["x-sentry-auth"]
    text = asked.body.decode()
    assert EMAIL not in text
    assert PHONE not in text
    event = json.loads(text.splitlines()[-1])
    (problem,) = event["exception"]["values"]
    assert problem["type"] == "ValueError"
    assert problem["stacktrace"]["frames"][-1]["function"] == "fail"
    assert "vars" not in problem["stacktrace"]["frames"][-1]
    assert event["environment"] == "staging"


def test_what_nobody_has_looked_at_stays_here_and_the_message_is_named():
    message_id = new_id()
    event = {
        "event_id": "0" * 32,
        "level": "error",
        "logentry": {"message": "to %s", "params": [EMAIL]},
        "request": {"headers": {"Authorization": "s3cret"}},
        "user": {"email": EMAIL},
        "extra": {"sys.argv": ["--password", "s3cret"]},
        "server_name": "web-1",
    }
    with about(message_id):
        told = scrubbed(event)
    assert set(told) == {"event_id", "level", "logentry", "tags"}
    assert told["tags"] == {"message_id": str(message_id)}
    assert EMAIL not in json.dumps(told)
