import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_project.lib.protocol import Refused
from gateways.extensions import check_extension
from gateways.models.label import ExtensionPolicy
from gateways.models.template import FieldType
from gateways.template_sample import (
    Design,
    extension_schema,
    sample_extension,
    sample_payload,
    ticket,
)
from gateways.values import FieldValues, TemplateValues

FIELDS = (
    FieldValues(name="title", type="text", required=True, choices=()),
    FieldValues(name="action", type="choice", required=False, choices=("BUY", "SELL")),
    FieldValues(name="urgent", type="boolean", required=False, choices=()),
    FieldValues(name="picture", type="media", required=False, choices=()),
)


def design(fields=FIELDS, policy=ExtensionPolicy.REFUSE) -> Design:
    return Design(
        name="My custom messenger",
        label="Amazing",
        url="https://gateway.example.com/api/v1/custom-im/my-messenger",
        statuses=["accepted", "delivered"],
        extension_policy=policy,
        fields=fields,
    )


def schema_takes(schema, extension) -> bool:
    return jsonschema.Draft202012Validator(schema).is_valid(extension)


def gateway_takes(fields, extension, policy) -> bool:
    template = TemplateValues(id=1, slug="mine", fields=tuple(fields))
    try:
        check_extension(extension, template, policy)
    except Refused:
        return False
    return True


def field(draw, name: str) -> FieldValues:
    kind = draw(st.sampled_from(FieldType.values))
    choices = draw(st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=3, unique=True))
    return FieldValues(
        name=name,
        type=kind,
        required=draw(st.booleans()),
        choices=tuple(choices) if kind == FieldType.CHOICE else (),
    )


@st.composite
def fields_of_a_template(draw) -> tuple[FieldValues, ...]:
    names = draw(st.lists(st.text(min_size=1, max_size=8), max_size=4, unique=True))
    return tuple(field(draw, name) for name in names)


@given(fields_of_a_template(), st.sampled_from(ExtensionPolicy.values))
def test_a_sample_passes_the_gateway_and_the_schema(fields, policy):
    sample = sample_extension(fields)
    assert gateway_takes(fields, sample, policy)
    assert schema_takes(extension_schema(design(fields, policy)), sample)


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=5),
    st.sampled_from(["", "true", "BUY", "https://a", "https://", "http://a", "https://a b"]),
    st.sampled_from(["https://a@", "https://a/x?y#z", "https://[", "HTTPS://a", "https://:80"]),
    st.lists(st.integers(), max_size=1),
)


@given(
    st.dictionaries(
        st.sampled_from([*(field.name for field in FIELDS), "unknown"]), VALUES, max_size=5
    ),
    st.sampled_from(ExtensionPolicy.values),
)
def test_what_the_schema_takes_the_gateway_takes(extension, policy):
    if schema_takes(extension_schema(design(policy=policy)), extension):
        assert gateway_takes(FIELDS, extension, policy)


@pytest.mark.parametrize(
    "extension",
    [
        {},
        {"title": ""},
        {"title": "x", "action": "HOLD"},
        {"title": "x", "urgent": "yes"},
        {"title": "x", "urgent": 1.5},
        {"title": "x", "picture": "http://a.example/"},
        {"title": "x", "more": "y"},
    ],
)
def test_what_the_gateway_refuses_the_schema_refuses(extension):
    assert not gateway_takes(FIELDS, extension, ExtensionPolicy.REFUSE)
    assert not schema_takes(extension_schema(design()), extension)


def test_the_schema_is_one_of_the_dialect_it_names():
    validator = jsonschema.validators.validator_for(extension_schema(design()), default=None)
    assert validator is jsonschema.Draft202012Validator
    validator.check_schema(extension_schema(design()))


def test_the_sample_is_the_whole_request():
    payload = json.loads(sample_payload(FIELDS))
    assert set(payload) == {"ext_user_id", "body", "im_uid", "callback_url", "extension"}
    assert list(payload["extension"]) == ["title", "action", "urgent", "picture"]


def test_the_ticket_names_every_field_with_its_kind_and_where_requests_go():
    text = ticket(design())
    assert "1. title - simple text - required" in text
    assert "2. action - predefined options: BUY, SELL - optional" in text
    assert "4. picture - media asset (an https URL) - optional" in text
    assert "https://gateway.example.com/api/v1/custom-im/my-messenger" in text
    assert "accepted, delivered" in text


def test_a_name_with_braces_stays_as_it_is_in_the_ticket():
    odd = FieldValues(name="{label}", type="text", required=False, choices=())
    assert "1. {label} - simple text" in ticket(design((odd,)))
