import pytest
from hypothesis import example, given
from hypothesis import strategies as st

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


def test_spellings_of_one_number_share_an_index():
    assert phone_index("0151 12345678", "DE") == phone_index("+49 151 12345678")
