"""A message's trace bears its id, whichever process adds to it."""

import json
import subprocess
import sys

import pytest
from django.conf import settings
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from gateway_project.lib.identifiers import new_id
from tests.peers import http_peer

TELLS = """
import os, sys
from datetime import UTC, datetime, timedelta
from uuid import UUID
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
import django; django.setup()
from gateway_project.lib import tracing
url, message_id, share = sys.argv[1], UUID(sys.argv[2]), float(sys.argv[3])
if url:
    tracing.begin(url, service="web", share=share)
now = datetime.now(UTC)
tracing.first_span(message_id, "accept", 0.25, now, label="amazing")
tracing.span(message_id, "send", now, now + timedelta(seconds=2), gateway="sms-de", outcome="taken")
print([name for name in sys.modules if name.startswith("opentelemetry")])
"""


def told(url, message_id, share=1.0):
    done = subprocess.run(
        [sys.executable, "-c", TELLS, url, str(message_id), str(share)],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.fixture
def collector():
    with http_peer() as peer:
        yield peer


def spans(collector):
    found = {}
    for asked in collector.asked:
        assert asked.path == "/v1/traces"
        request = ExportTraceServiceRequest.FromString(asked.body)
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                found |= {span.name: span for span in scope.spans}
    return found


def test_the_trace_is_named_as_the_message_and_begins_with_its_acceptance(collector):
    message_id = new_id()
    told(collector.url, message_id)
    found = spans(collector)
    assert {span.trace_id for span in found.values()} == {message_id.bytes}
    accept, send = found["accept"], found["send"]
    assert (accept.parent_span_id, send.parent_span_id) == (b"", accept.span_id)
    seconds = (accept.end_time_unix_nano - accept.start_time_unix_nano) / 1e9
    assert seconds == pytest.approx(0.25, abs=0.01)
    facts = {each.key: each.value.string_value for each in send.attributes}
    assert facts == {"gatehouse.gateway": "sms-de", "gatehouse.outcome": "taken"}


def test_of_a_share_of_none_nothing_is_told(collector):
    told(collector.url, new_id(), share=0.0)
    assert collector.asked == []


def test_without_an_endpoint_nothing_is_even_imported():
    assert json.loads(told("", new_id()).replace("'", '"')) == []
