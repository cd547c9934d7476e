"""Custom IM extensions against their template."""

import pytest

from gateway_project.lib.protocol import ErrorCode, Refused
from gateways.extensions import check_extension
from gateways.models.label import ExtensionPolicy
from gateways.models.template import FieldType
from gateways.values import FieldValues, TemplateValues


def field(name, type=FieldType.TEXT, *, required=False, choices=()):
    return FieldValues(name=name, type=type.value, required=required, choices=tuple(choices))


TEMPLATE = TemplateValues(
    id=1,
    slug="my-messenger",
    fields=(
        field("title", required=True),
        field("action", FieldType.CHOICE, choices=["BUY", "SELL"]),
        field("urgent", FieldType.BOOLEAN),
        field("picture", FieldType.MEDIA),
    ),
)


def check(extension, template=TEMPLATE, policy=ExtensionPolicy.REFUSE):
    return check_extension(extension, template, policy)


def refusal(*args, **kwargs):
    with pytest.raises(Refused) as raised:
        check(*args, **kwargs)
    assert raised.value.code == ErrorCode.EXTENSION_INVALID
    return raised.value.text


@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"action": "SELL"},
        {"urgent": False},
        {"urgent": "true"},
        {"picture": "https://cdn.example/a.png"},
        {"action": None, "urgent": "", "picture": None},
    ],
)
def test_what_fits_is_kept_as_it_came(extra):
    extension = {"title": "Microsoft is raising", **extra}
    assert check(extension) == (extension, [])


@pytest.mark.parametrize(
    ("extension", "named"),
    [
        ({"title": 7}, "extension.title must be a text"),
        ({"title": "t", "action": "HOLD"}, "extension.action must be one of BUY, SELL"),
        ({"title": "t", "action": "buy"}, "extension.action must be one of BUY, SELL"),
        ({"title": "t", "action": ["BUY"]}, "extension.action must be one of BUY, SELL"),
        ({"title": "t", "urgent": "yes"}, "extension.urgent must be true or false"),
        ({"title": "t", "urgent": 1}, "extension.urgent must be true or false"),
        (
            {"title": "t", "picture": "http://a.example"},
            "extension.picture must be an https URL",
        ),
        ({"title": "t", "picture": "https://"}, "extension.picture must be an https URL"),
        ({"title": "t", "picture": "https://[/"}, "extension.picture must be an https URL"),
        ({"title": ""}, "extension.title is missing"),
        ({"title": None}, "extension.title is missing"),
        ({}, "extension.title is missing"),
        (None, "extension.title is missing"),
        ([], "extension must be an object"),
        ("title", "extension must be an object"),
    ],
)
def test_what_does_not_fit_is_named(extension, named):
    assert refusal(extension) == named


def test_an_unknown_field_is_refused_with_the_known_ones_and_not_repeated():
    text = refusal({"title": "t", "canary": "value"})
    assert "title, action, urgent, picture" in text
    assert "canary" not in text


def test_an_unknown_field_is_dropped_with_a_note_or_passed_where_the_label_says_so():
    extension = {"title": "t", "canary": "value"}
    kept, notes = check(extension, policy=ExtensionPolicy.DROP)
    assert kept == {"title": "t"}
    assert notes == ["1 extension fields unknown to the template were dropped"]
    assert check(extension, policy=ExtensionPolicy.PASS) == (extension, [])


def test_a_label_without_templates_knows_no_field():
    assert check(None, template=None) == ({}, [])
    assert refusal({"title": "t"}, template=None).endswith("it knows: none")
