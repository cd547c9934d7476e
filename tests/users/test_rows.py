import math

import pytest

from gateway_project.lib.personal import Personal
from users.rows import ABSENT, BadRow, row_of


def test_what_is_not_said_is_absent():
    row = row_of({"ext_user_id": "1"})
    assert (row.brand, row.email, row.phone, row.properties) == (ABSENT, ABSENT, ABSENT, {})


@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_null_and_an_empty_text_clear(nothing):
    row = row_of({"ext_user_id": "1", "brand": nothing, "email": nothing, "phone": nothing})
    assert (row.brand, row.email, row.phone) == (None, None, None)


def test_null_clears_all_properties():
    assert row_of({"ext_user_id": "1", "properties": None}).properties is None


def test_what_is_said_is_taken_without_the_spaces_around_it():
    row = row_of(
        {
            "ext_user_id": " 1 ",
            "brand": " a ",
            "email": " Jo@mailbox.example ",
            "phone": " 0151 1 ",
            "properties": {"country": " DE ", "vip": True, "deep": {"a": [1, None]}},
        }
    )
    assert (row.ext_user_id, row.brand) == (" 1 ", "a")
    assert isinstance(row.email, Personal)
    assert isinstance(row.phone, Personal)
    assert (row.email.reveal(), row.phone.reveal()) == ("Jo@mailbox.example", "0151 1")
    assert row.properties == {"country": " DE ", "vip": True, "deep": {"a": [1, None]}}


def test_an_id_may_be_a_number():
    assert row_of({"ext_user_id": 4711}).ext_user_id == "4711"


def test_a_row_shows_no_person():
    shown = repr(
        row_of(
            {
                "ext_user_id": "canary-id",
                "email": "canary@mailbox.example",
                "phone": "0151 12345678",
                "properties": {"nick": "canary"},
            }
        )
    )
    assert "canary" not in shown
    assert "0151" not in shown


BAD = {
    "empty id": ({"ext_user_id": ""}, "ext_user_id is missing"),
    "null id": ({"ext_user_id": None}, "ext_user_id is missing"),
    "id of another type": ({"ext_user_id": ["canary"]}, "ext_user_id is not a text"),
    "id true": ({"ext_user_id": True}, "ext_user_id is not a text"),
    "id float": ({"ext_user_id": 1.5}, "ext_user_id is not a text"),
    "long id": ({"ext_user_id": "canary" * 50}, "longer than 255"),
    "long number": ({"ext_user_id": 10**300}, "longer than 255"),
    "id with NUL": ({"ext_user_id": "canary\x00"}, "cannot be kept"),
    "id with surrogate": ({"ext_user_id": "canary\ud800"}, "cannot be kept"),
    "brand number": ({"brand": 1}, "brand is not a text"),
    "brand with NUL": ({"brand": "canary\x00"}, "brand holds a character"),
    "email list": ({"email": ["canary@mailbox.example"]}, "email is not a text"),
    "two emails": ({"email": "canary@mailbox.example,b@c.de"}, "email is not one"),
    "no email": ({"email": "canary"}, "email is not one"),
    "email with NUL": ({"email": "canary\x00@mailbox.example"}, "email holds a character"),
    "phone number": ({"phone": 4915112345678}, "phone is not a text"),
    "long phone": ({"phone": "canary" * 20}, "phone is longer than 64"),
    "properties list": ({"properties": ["canary"]}, "properties is not an object"),
    "properties text": ({"properties": "canary"}, "properties is not an object"),
    "nameless property": ({"properties": {"": "canary"}}, "name of a property"),
    "long name": ({"properties": {"canary" * 20: 1}}, "name of a property"),
    "much": ({"properties": {"a": "canary" * 5000}}, "properties is longer"),
    "NUL": ({"properties": {"a": ["canary\x00"]}}, "cannot be kept"),
    "NUL in a name": ({"properties": {"canary\x00": 1}}, "cannot be kept"),
    "surrogate": ({"properties": {"a": {"b": "canary\udcff"}}}, "cannot be kept"),
    "NaN": ({"properties": {"a": math.nan}}, "what JSON cannot"),
    "infinity": ({"properties": {"a": -math.inf}}, "what JSON cannot"),
    "unknown field": ({"canary": "DE"}, "unknown field"),
}


@pytest.mark.parametrize(("said", "reason"), BAD.values(), ids=BAD.keys())
def test_a_bad_row_is_refused_by_field_and_never_quoted(said, reason):
    with pytest.raises(BadRow, match=reason) as raised:
        row_of({"ext_user_id": "1", **said})
    assert "canary" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_row_without_an_id_is_refused():
    with pytest.raises(BadRow, match="ext_user_id is missing"):
        row_of({"email": "jo@mailbox.example"})
