import pytest
from hypothesis import given
from hypothesis import strategies as st

from users.masking import mask_email, mask_phone, mask_text, mask_values


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("john@gmail.com", "j***@g***.com"),
        ("j@x.co.uk", "j***@x***.uk"),
        (" John.Doe@Mail.Example ", "J***@m***.example"),
        ("jo@münchen.example", "j***@x***.example"),
        ("not an address john@gmail.com", "***"),
        ("", "***"),
    ],
)
def test_an_email_address_keeps_two_letters_and_its_top_level(text, shown):
    assert mask_email(text) == shown


@pytest.mark.parametrize(
    ("text", "country", "shown"),
    [
        ("+4915112345621", None, "+49 *** *** 21"),
        ("0151 12345621", "DE", "+49 *** *** 21"),
        ("+1 202 555 0123", None, "+1 *** *** 23"),
        ("+352 621 123 456", None, "+352 *** *** 56"),
        ("0151 12345621", None, "***"),
        ("call 12345621", "DE", "***"),
    ],
)
def test_a_phone_number_keeps_its_country_and_two_digits(text, country, shown):
    assert mask_phone(text, country) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("john@gmail.com", "j***@g***.com"),
        ("+4915112345621", "+49 *** *** 21"),
        ("004915112345621", "+49 *** *** 21"),
        ("user-15112345621", "user-15112345621"),
        ("4711", "4711"),
        ("DE", "DE"),
        ("", ""),
    ],
)
def test_a_text_is_masked_where_it_is_an_address(text, shown):
    assert mask_text(text) == shown


@given(st.emails())
def test_no_masked_address_holds_its_local_part_or_its_host(email):
    local, _, domain = email.rpartition("@")
    shown = mask_email(email)
    assert len(local) < 2 or f"{local}@" not in shown
    assert domain not in shown


def test_json_is_masked_at_every_depth():
    value = {"mail": "jo@x.example", "jo@x.example": [1, None, {"a": ["+4915112345621", "DE"]}]}
    assert mask_values(value) == {
        "mail": "j***@x***.example",
        "j***@x***.example": [1, None, {"a": ["+49 *** *** 21", "DE"]}],
    }
