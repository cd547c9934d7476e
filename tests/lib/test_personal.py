import copy
import io
import json
import logging
import pickle
import pprint
import sys
import traceback
from dataclasses import asdict, dataclass
from functools import partial

import pytest
from celery.utils.saferepr import saferepr
from django.core import serializers, signing
from django.core.serializers.json import DjangoJSONEncoder
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter
from kombu.exceptions import EncodeError
from kombu.serialization import dumps
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.encoders import JSONEncoder
from rich.pretty import pretty_repr

from gateway_project.lib.personal import REDACTED, Personal

CANARY = "canary@mailbox.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    recipient: Personal


@pytest.mark.parametrize(
    "shown",
    [
        str(Personal(CANARY)),
        repr(Personal(CANARY)),
        f"{Personal(CANARY)}",
        f"{Personal(CANARY):>40}",
        f"{Personal(CANARY)!r}",
        f"{Personal(CANARY)!s}",
        "%s" % Personal(CANARY),  # noqa: UP031
        "%r" % Personal(CANARY),  # noqa: UP031
        f"{Personal(CANARY):x}",
        ascii(Personal(CANARY)),
    ],
)
def test_it_shows_itself_as_redacted(shown):
    assert shown == REDACTED


@pytest.mark.parametrize(
    "container",
    [
        [Personal(CANARY)],
        {"a": Personal(CANARY)},
        (Personal(CANARY),),
        Envelope(recipient=Personal(CANARY)),
    ],
)
def test_what_contains_it_shows_it_as_redacted(container):
    assert REDACTED in repr(container)
    assert CANARY not in repr(container)


def test_a_log_line_shows_it_as_redacted():
    stream = io.StringIO()
    logger = logging.Logger("of this test")
    logger.addHandler(logging.StreamHandler(stream))
    logger.warning("sent to %s and %r", Personal(CANARY), [Personal(CANARY)])
    assert stream.getvalue() == f"sent to {REDACTED} and [{REDACTED}]\n"


def test_an_exception_shows_it_as_redacted():
    assert str(ValueError(Personal(CANARY))) == REDACTED


def test_reveal_is_the_way_in():
    assert Personal(CANARY).reveal() == CANARY


def test_it_has_no_attributes_to_list():
    with pytest.raises(TypeError):
        vars(Personal(CANARY))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_is_not_pickled(protocol):
    with pytest.raises(TypeError, match="not pickled") as raised:
        pickle.dumps({"to": [Personal(CANARY)]}, protocol)
    assert CANARY not in str(raised.value)


@pytest.mark.parametrize("encoder", [json.JSONEncoder, DjangoJSONEncoder, JSONEncoder])
def test_it_is_not_json(encoder):
    with pytest.raises(TypeError) as raised:
        json.dumps({"to": Personal(CANARY)}, cls=encoder)
    assert CANARY not in str(raised.value)


@pytest.mark.parametrize("serializer", ["json", "pickle", "yaml"])
def test_no_task_carries_it(serializer):
    with pytest.raises(EncodeError) as raised:
        dumps({"to": Personal(CANARY)}, serializer=serializer)
    assert CANARY not in str(raised.value)
    assert CANARY not in str(raised.value.__cause__)


@pytest.mark.parametrize(
    "put", [signing.dumps, JSONRenderer().render, partial(serializers.serialize, "json")]
)
def test_no_session_page_or_fixture_holds_it(put):
    with pytest.raises((TypeError, AttributeError)) as raised:
        put([Personal(CANARY)])
    assert CANARY not in str(raised.value)


@pytest.mark.parametrize("show", [pprint.pformat, pretty_repr, saferepr, "{!r:>40}".format])
def test_what_prints_it_prettily_shows_it_as_redacted(show):
    told = show({"to": [Personal(CANARY), Envelope(recipient=Personal(CANARY))]})
    assert REDACTED in told
    assert CANARY not in told


def test_a_traceback_with_its_local_variables_shows_it_as_redacted():
    recipient = Personal(CANARY)
    try:
        int(recipient)  # type: ignore[call-overload]
    except TypeError:
        failure = sys.exc_info()
    reporter = ExceptionReporter(None, *failure)
    reporter.filter = SafeExceptionReporterFilter()
    page = reporter.get_traceback_html()
    plain = "".join(traceback.TracebackException(*failure, capture_locals=True).format())
    assert f"recipient = {REDACTED}" in plain
    assert f"<pre>{REDACTED}</pre>" in page
    assert CANARY not in plain + page


def test_its_state_is_not_handed_out():
    with pytest.raises(TypeError, match="not pickled") as raised:
        Personal(CANARY).__getstate__()
    assert CANARY not in str(raised.value)


def test_a_copy_is_itself():
    personal = Personal(CANARY)
    assert copy.copy(personal) is personal
    assert copy.deepcopy([personal])[0] is personal
    assert asdict(Envelope(recipient=personal)) == {"recipient": personal}


def test_it_equals_only_itself():
    personal = Personal(CANARY)
    assert personal == personal  # noqa: PLR0124
    assert personal != Personal(CANARY)
    assert personal != CANARY
    assert len({personal, personal, Personal(CANARY)}) == 2


@pytest.mark.parametrize("value", ["", None, 0, CANARY])
def test_it_is_true_whatever_it_holds(value):
    assert Personal(value)


def test_it_is_not_ordered():
    with pytest.raises(TypeError) as raised:
        sorted([Personal(CANARY), Personal("b")])
    assert CANARY not in str(raised.value)
