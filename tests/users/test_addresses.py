import hashlib
import unicodedata

import idna
import phonenumbers
import pytest
from django.test import override_settings
from hypothesis import assume, example, given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from tests.disguises import PHONES
from users.addresses import deliverable_email, email_index, normal_email, normal_phone, phone_index


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("jo@example.com", "jo@example.com"),
        (" jo@example.com\r\n", "jo@example.com"),
        ("Jo.Doe@Example.COM", "Jo.Doe@example.com"),
        ("jo+news@sub.example.co.uk", "jo+news@sub.example.co.uk"),
        ("o'hara_!#$%&*/=?^`{|}~-@example.com", "o'hara_!#$%&*/=?^`{|}~-@example.com"),
        ("jo@münchen.example", "jo@xn--mnchen-3ya.example"),
        ("jo@MÜNCHEN.example", "jo@xn--mnchen-3ya.example"),
        ("jo@xn--mnchen-3ya.example", "jo@xn--mnchen-3ya.example"),
        ("jo@straße.example", "jo@xn--strae-oqa.example"),
        ("jo@почта.рф", "jo@xn--80a1acny.xn--p1ai"),
        ("jo@1and1.example", "jo@1and1.example"),
        (f"{'l' * 64}@example.com", f"{'l' * 64}@example.com"),
    ],
)
def test_a_mailbox_is_written_to_as_its_owner_spells_it(text, expected):
    assert deliverable_email(text) == expected
    assert normal_email(text) == expected.lower()


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "@",
        "jo",
        "jo@",
        "@example.com",
        "jo@example",
        "jo@localhost",
        "jo@@example.com",
        "jo@ex@example.com",
        "jo@example.com, al@example.com",
        "jo@example.com;al@example.com",
        "jo@example.com al@example.com",
        "Jo <jo@example.com>",
        "<jo@example.com>",
        "jo@example.com (Jo)",
        "jo(comment)@example.com",
        '"jo"@example.com',
        '"jo@evil.example"@example.com',
        "jo doe@example.com",
        "jo@exa mple.com",
        ".jo@example.com",
        "jo.@example.com",
        "jo..doe@example.com",
        "jo@.example.com",
        "jo@example..com",
        "jo@example.com.",
        "jo@-example.com",
        "jo@example-.com",
        "jo@exam_ple.com",
        "jo@[192.0.2.1]",
        "jo@192.0.2.1",
        "jo@example.123",
        "jörg@example.com",
        "jo@example.com\r\nBcc: al@example.com",
        "jo\n@example.com",
        "jo@example.com\x00",
        "jo\x00@example.com",
        "jo@exam\ud800ple.com",
        "jo\u2028@example.com",
        "jo\uff20example.com",
        "mailto:jo@example.com",
        f"{'l' * 65}@example.com",
        f"jo@{'l' * 64}.example",
        f"jo@{'ü' * 64}.example",
        f"{'l' * 64}@{'d' * 63}.{'d' * 63}.{'d' * 63}.example",
        "jo@" + "a." * 100_000 + "example",
    ],
)
def test_what_is_not_exactly_one_plain_address_is_none(text):
    assert deliverable_email(text) is None
    assert normal_email(text) is None
    assert email_index(text) is None


@given(st.text(st.characters(exclude_categories=()), max_size=40) | st.emails())
@example("a@b.c")
def test_a_mailbox_is_ascii_without_anything_that_could_end_a_header(text):
    found = deliverable_email(text)
    if found is not None:
        assert found.isascii()
        assert found.isprintable()
        assert not set(found) & set(' ,;:<>()[]"\\')
        assert found.count("@") == 1
        assert deliverable_email(found) == found


def test_spellings_of_one_address_share_an_index():
    spellings = ["Jo@München.example", " jo@xn--mnchen-3ya.EXAMPLE ", "JO@MÜNCHEN.example"]
    assert len({email_index(text) for text in spellings}) == 1
    assert email_index("jo@munchen.example") != email_index("jo@münchen.example")


LABELS = st.text("abcdefghijklmnopqrstuvwxyzäöüéñßçжд", min_size=2, max_size=12)
LOCAL_PARTS = st.from_regex(r"[a-z0-9]{1,20}([.+_-][a-z0-9]{1,10})?", fullmatch=True)
ADDRESSES = st.builds("{}@{}.example".format, LOCAL_PARTS, LABELS)
SPELLINGS = (
    *(str.upper, str.swapcase, " {}\r\n".format),
    lambda text: unicodedata.normalize("NFC", text),
    lambda text: unicodedata.normalize("NFD", text),
    lambda text: f"{text.partition('@')[0]}@{idna.encode(text.partition('@')[2]).decode()}",
)


@given(ADDRESSES, st.sampled_from(SPELLINGS))
def test_an_address_has_one_index_however_it_is_spelled(text, spelled):
    # In upper case this letter becomes two others: another domain.
    assume("ß" not in text or spelled(text).count("ß") == text.count("ß"))
    assert email_index(text) is not None
    assert email_index(spelled(text)) == email_index(text)


@given(ADDRESSES, ADDRESSES)
def test_two_addresses_have_two_indexes(text, other):
    assert (email_index(text) == email_index(other)) == (text == other)


@given(ADDRESSES)
def test_an_index_tells_nothing_without_the_key(text):
    own = email_index(text)
    with override_settings(PII_INDEX_KEY="another key"):
        assert email_index(text) != own
    digests = {hashlib.new(name, text.encode()).hexdigest() for name in ("md5", "sha1", "sha256")}
    assert own not in digests


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("+4915112345678", None, "+4915112345678"),
        ("+49 (151) 1234-5678", None, "+4915112345678"),
        ("+49.151/12345678\n", None, "+4915112345678"),
        ("＋4915112345678", None, "+4915112345678"),
        ("٠١٥١١٢٣٤٥٦٧٨", "DE", "+4915112345678"),
        ("004915112345678", None, "+4915112345678"),
        ("00 49 151 12345678", "DE", "+4915112345678"),
        ("004915112345678", "US", "+4915112345678"),
        ("011 49 151 12345678", "US", "+4915112345678"),
        ("0151 12345678", "DE", "+4915112345678"),
        ("0151 12345678", " de ", "+4915112345678"),
        ("4915112345678", "DE", "+4915112345678"),
        ("49 30 901820", "DE", "+4930901820"),
        ("12025550123", "US", "+12025550123"),
        ("(202) 555-0123", "US", "+12025550123"),
        ("07400 123456", "GB", "+447400123456"),
        ("07400 123456", "UK", "+447400123456"),
        ("+49 151 12345678", "FR", "+4915112345678"),
        ("+49 151 12345678", "Germany", "+4915112345678"),
        ("02 1234 5678", "IT", "+390212345678"),
        ("390 1234567", "IT", "+393901234567"),
        ("98765 43210", "IN", "+919876543210"),
        ("91234 56789", "IN", "+919123456789"),
        ("919876543210", "IN", "+919876543210"),
        ("55 91234 5678", "BR", "+5555912345678"),
        ("30 901820", "DE", "+4930901820"),
    ],
)
def test_a_number_is_read_as_its_country_writes_it(text, country, expected):
    assert normal_phone(text, country) == expected


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("0151 12345678", None),
        ("4915112345678", None),
        ("4915112345678", "US"),
        ("0151 12345678", ""),
        ("0151 12345678", "Germany"),
        ("0151 12345678", "ZZ"),
        ("0151 12345678", 49),
        ("0151 12345678", ["DE"]),
        ("0151 12345678", {"DE": 1}),
        ("", "DE"),
        ("+", "DE"),
        ("-", "DE"),
        ("0", "DE"),
        ("112", "DE"),
        ("555-0123", "US"),
        ("+1 555-0123", None),
        ("1-800-FLOWERS", "US"),
        ("+1 800 FLOWERS", None),
        ("call +4915112345678", "DE"),
        ("+4915112345678 or +4915187654321", None),
        ("+4915112345678;+4915187654321", None),
        ("+4915112345678/+4915187654321", None),
        ("+4915112345678 ext. 5", None),
        ("+4915112345678x5", None),
        ("tel:+4915112345678", None),
        ("+4915112345678\x00", None),
        ("+49151\r\nBcc12345678", None),
        ("++4915112345678", None),
        ("+999123456789", None),
        ("+49" + "1" * 30, None),
        ("1" * 10_000, "DE"),
        ("jo@example.com", "DE"),
        ("\ud800", "DE"),
    ],
)
def test_what_cannot_be_called_from_abroad_is_none(text, country):
    assert normal_phone(text, country) is None
    assert phone_index(text, country) is None


@given(
    st.text(max_size=25) | st.from_regex(r"[+0-9 ()/-]{1,20}", fullmatch=True),
    st.sampled_from([None, "DE", "US", "BR", "IT", "ZZ"]),
)
def test_a_number_is_e164_and_stays_what_it_is(text, country):
    number = normal_phone(text, country)
    if number is not None:
        assert number[0] == "+"
        assert number[1:].isdigit()
        assert len(number) <= 16
        assert normal_phone(number, None) == number


SHAPES = (*(PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.E164),)


@given(st.sampled_from(["DE", "GB", "US", "FR", "SE", "PL", "BR", "IN"]), st.data())
def test_a_number_has_one_index_at_home_and_abroad(country, data):
    example = phonenumbers.example_number_for_type(country, PhoneNumberType.MOBILE)
    number = phonenumbers.format_number(example, PhoneNumberFormat.E164)
    shape = data.draw(st.sampled_from(list(SHAPES)))
    written = phonenumbers.format_number(example, shape)
    assert phone_index(written, country) == phone_index(number)
    assert phone_index(written.replace("-", " "), country.lower()) == phone_index(number)


@given(PHONES, PHONES)
def test_two_numbers_have_two_indexes(number, other):
    first, second = phone_index(number), phone_index(other)
    assert (first == second) == (normal_phone(number, None) == normal_phone(other, None))


def test_spellings_of_one_number_share_an_index():
    assert phone_index("0151 12345678", "DE") == phone_index("+49 151 12345678")
