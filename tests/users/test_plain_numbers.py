"""What is taken for a plain number is what the library makes of it, for every country code."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneNumberFormat, ValidationResult

from users.plain_numbers import is_plain

CODES = st.one_of(
    st.sampled_from(sorted(COUNTRY_CODE_TO_REGION_CODE)), st.integers(min_value=0, max_value=9999)
)
REGIONS = st.sampled_from([None, "DE", "US", "CA", "IT", "RU", "KZ", "AR", "BR", "ZZ"])


def read_by_the_library(number, region):
    try:
        read = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(read) != ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(read, PhoneNumberFormat.E164)


@given(CODES, st.text("0123456789", min_size=3, max_size=13), REGIONS)
def test_a_plain_number_is_read_as_it_stands(code, national, region):
    number = f"+{code}{national}"
    assert not is_plain(number) or read_by_the_library(number, region) == number


@pytest.mark.parametrize(
    "number", ["+4915112345678", "+447400123456", "+12015550123", "+380501234567", "+80012345678"]
)
def test_the_numbers_of_most_countries_are_plain(number):
    assert is_plain(number)


@pytest.mark.parametrize(
    "number",
    [
        "",
        "+",
        "4915112345678",
        "004915112345678",
        "+49 151 12345678",
        "+4915112345678\n",
        "+४९15112345678",
        "+49015112345678",
        "+390612345678",
        "+37588923863",
        "+9991234567890",
        "+1201555",
        "+1201555012345",
    ],
)
def test_what_has_to_be_read_is_not_plain(number):
    assert not is_plain(number)
