import copy
import io
import json
import logging
import pickle
from dataclasses import asdict, dataclass

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from rest_framework.utils.encoders import JSONEncoder

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
