import base64
import html
import json
import quopri
import re
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_project.lib.personal import REDACTED, Personal
from gateway_project.lib.redaction import KEPT_LENGTH, mask_urls, scrub

EMAIL = "canary.jane@mailbox.example"
PHONE = "+4915112345678"
SECRET = "sk-Live/7Hq+paper%clip"  # noqa: S105


def encoded_words(value: str) -> str:
    return base64.encodebytes(f'{{"to": "{value}", "text": "{"long " * 20}"}}'.encode()).decode()


DISGUISES = {
    "as it is": str,
    "upper case": str.upper,
    "percent-encoded": lambda value: quote(value, safe=""),
    "percent-encoded throughout": lambda value: "".join(f"%{byte:02x}" for byte in value.encode()),
    "percent-encoded twice": lambda value: quote(quote(value, safe=""), safe=""),
    "a form's": quote_plus,
    "HTML entities": lambda value: value.replace("@", "&commat;").replace("+", "&#43;"),
    "numbered entities": lambda value: "".join(f"&#{ord(sign)};" for sign in value),
    "hexadecimal entities": lambda value: "".join(f"&#x{ord(sign):x};" for sign in value),
    "JSON escapes": lambda value: "".join(f"\\u{ord(sign):04x}" for sign in value),
    "JSON in JSON": lambda value: json.dumps(json.dumps({"to": value.replace("@", "＠")})),
    "byte escapes": lambda value: "".join(f"\\x{byte:02x}" for byte in value.encode()),
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64 for URLs": lambda value: base64.urlsafe_b64encode(value.encode()).decode().rstrip("="),
    "base64 of a text around it": lambda value: base64.b64encode(
        f"To: {value}; id 1".encode()
    ).decode(),
    "base64 over lines": encoded_words,
    "base64 in a path": lambda value: "/cb/" + base64.b64encode(value.encode()).decode(),
    "hex": lambda value: value.encode().hex(),
    "spaced hex": lambda value: value.encode().hex(" "),
    "quoted-printable": lambda value: "".join(f"={byte:02X}" for byte in value.encode()),
    "a soft line break": lambda value: value[:9] + "=\n" + value[9:],
    "backwards": lambda value: value[::-1],
    "full-width": lambda value: "".join(
        chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in value
    ),
    "invisible signs inside": lambda value: "\u200b".join(value),
    "split by spaces": " ".join,
}
NUMBER_DISGUISES = {
    "00 in front": lambda number: "00" + number[1:],
    "nothing in front": lambda number: number[1:],
    "national": lambda number: "0" + number[3:],
    "dotted": lambda number: ".".join(re.findall("..?", number)),
    "dashed": lambda number: "-".join(re.findall("...?", number)),
    "bracketed": lambda number: f"({number[:3]}) {number[3:6]} / {number[6:]}",
    "with its trunk zero": lambda number: f"{number[:3]} (0) {number[3:6]} {number[6:]}",
    "in letters": lambda number: f"msisdn{number[1:]}failed",
    "Arabic digits": lambda number: "".join(
        chr(0x660 + int(sign)) if sign.isdigit() else sign for sign in number
    ),
}
EMAIL_DISGUISES = {
    "at": lambda address: address.replace("@", " at "),
    "(at) and dot": lambda address: address.replace("@", " (at) ").replace(".", " dot "),
    "[at]": lambda address: address.replace("@", "[AT]"),
    "gaps at its sign": lambda address: address.replace("@", " @ "),
    "local part alone": lambda address: address.rpartition("@")[0],
    "bracketed": lambda address: f'"Jane" <{address}>',
}


def leaks(text: str, value: str) -> bool:
    """Whether the address is still there for somebody who takes one usual disguise off."""
    known = re.sub(r"\W", "", value.rpartition("@")[0] or value).lower()[-7:]
    plain = html.unescape(re.sub("%[0-9a-fA-F]{2}", lambda found: chr(int(found[0][1:], 16)), text))
    return any(
        known in re.sub(r"\W", "", reading).lower() for reading in (text, plain, plain[::-1])
    )


@pytest.mark.parametrize(
    ("value", "disguise"),
    [
        (value, disguise)
        for value in (EMAIL, PHONE, SECRET)
        for disguise in DISGUISES
        if value != SECRET or disguise != "split by spaces"
    ],
)
def test_a_value_is_taken_out_in_every_usual_disguise(value, disguise):
    worn = DISGUISES[disguise](value)
    scrubbed = scrub(f"Recipient {worn} refused", Personal(value))
    assert worn not in scrubbed
    assert not leaks(scrubbed, value)
    assert REDACTED in scrubbed


@pytest.mark.parametrize("disguise", NUMBER_DISGUISES)
def test_a_number_is_taken_out_in_every_way_of_writing_it(disguise):
    scrubbed = scrub(f"to {NUMBER_DISGUISES[disguise](PHONE)}: unreachable", PHONE)
    assert not leaks(scrubbed, PHONE)
    assert scrubbed.startswith("to ")
    assert scrubbed.endswith("unreachable")


@pytest.mark.parametrize("disguise", EMAIL_DISGUISES)
def test_an_address_is_taken_out_in_every_way_of_writing_it(disguise):
    scrubbed = scrub(f"550 {EMAIL_DISGUISES[disguise](EMAIL)} unknown", EMAIL)
    assert not leaks(scrubbed, EMAIL)
    assert "unknown" in scrubbed


LOCAL_PARTS = st.from_regex(r"[a-z][a-z0-9]{4,12}([._+-][a-z0-9]{3,8})?", fullmatch=True)
DOMAINS = st.from_regex(r"[a-z]{3,10}\.(com|example|co\.uk)", fullmatch=True)
EMAILS = st.builds("{}@{}".format, LOCAL_PARTS, DOMAINS)
PHONES = st.from_regex(r"\+[1-9][0-9]{9,13}", fullmatch=True)
SURROUNDINGS = st.text(st.characters(categories=("L", "P", "Zs")), max_size=40)


@given(
    value=EMAILS | PHONES,
    disguise=st.sampled_from(sorted(DISGUISES)),
    before=SURROUNDINGS,
    after=SURROUNDINGS,
)
def test_no_address_survives_whatever_surrounds_it(value, disguise, before, after):
    worn = DISGUISES[disguise](value)
    assert worn not in scrub(f"{before} {worn} {after}", value)


@given(value=EMAILS | PHONES, inner=st.sampled_from(["percent-encoded", "base64", "JSON escapes"]))
def test_one_disguise_over_another_helps_no_address(value, inner):
    for outer in ("percent-encoded", "numbered entities", "base64"):
        worn = DISGUISES[outer](DISGUISES[inner](value))
        assert worn not in scrub(f"to={worn}", value)


@given(value=EMAILS | PHONES, length=st.integers(KEPT_LENGTH - 60, KEPT_LENGTH + 5))
def test_the_end_of_a_long_text_holds_no_part_of_an_address(value, length):
    text = "x" * (length - 1) + " " + quote(value, safe="") * 3
    scrubbed = scrub(text, value)
    rest = scrubbed.replace(REDACTED, "").strip("x ")
    assert REDACTED.startswith(rest)
    assert len(scrubbed) <= KEPT_LENGTH


@given(text=st.text(max_size=300), values=st.lists(st.text(max_size=20), max_size=3))
def test_any_text_and_any_values_are_borne(text, values):
    assert isinstance(scrub(text, *values), str)


@pytest.mark.parametrize(
    "text",
    [
        "unknown mailbox someone.else@mailbox.example",
        "unknown mailbox someone.else%40mailbox.example",
        'unknown mailbox "some one"@mailbox.example',
        "unknown mailbox someone.else(at)mailbox.example",
        "number +44 (0) 20 7946 0958 is off",
        "number 0207-946-0958 is off",
        "number 00442079460958 is off",
        "sent Authorization: Bearer c2VjcmV0LXRva2Vu",
        "sent Authorization: Basic dXNlcjpwYXNz",
        "sent eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiIxIn0.c2lnbmF0dXJl",
    ],
)
def test_what_looks_like_an_address_or_a_token_is_taken_out_unasked(text):
    first, second = text.split()[:2]
    scrubbed = scrub(text)
    assert scrubbed.startswith(f"{first} {second} "[: len(first) + 1])
    assert REDACTED in scrubbed
    assert not re.search(r"someone|some one|7946|79460958|c2V|dXN|eyJ", scrubbed)


@pytest.mark.parametrize(
    "text",
    [
        "550 5.1.1 mailbox unavailable",
        "code 7004: Invalid parameter - sendAt",
        "Basic authentication failed",
        "message 0199e7c5-1234-7890-8123-450000000000 expired at 2026-11-21T10:15:30.123456Z",
        "HTTP 503, try again in 120 seconds",
        "Die Nachricht wurde nicht zugestellt: Übertragung abgelehnt",
    ],
)
def test_a_reason_without_addresses_stays_as_it_is(text):
    assert scrub(text, EMAIL, PHONE, SECRET) == text


def test_values_too_short_to_be_secret_are_not_looked_for():
    assert scrub("error 1: no", "1", "no", "") == "error 1: no"


@pytest.mark.parametrize("filler", ["%40", "&#64;", "\\u0040", "=40", "a@", "1-", "QGFh", "４"])
def test_hostile_texts_of_any_length_are_got_through(filler):
    assert len(scrub(filler * 1_000_000, EMAIL, PHONE, SECRET)) <= KEPT_LENGTH


def test_quoted_printable_of_the_standard_library_is_seen_through():
    mail = quopri.encodestring(f"{'word ' * 14}{EMAIL} and more".encode(), quotetabs=True).decode()
    assert not leaks(scrub(mail, EMAIL).replace("=\n", ""), EMAIL)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("POST /callbacks/webhooks/s3cr3t-t0ken HTTP/1.1", "POST /callbacks/webhooks/# HTTP/1.1"),
        ("/callbacks/webhooks/s3cr3t/?a=1", "/callbacks/webhooks/#/?a=1"),
        ("/callbacks/status/s3cr3t?status=x", "/callbacks/status/#?status=x"),
        ("/callbacks/opened/WyIw:1vM:s3cr3t", "/callbacks/opened/#"),
        ("GET /callbacks/clicked/.eJw%3A1vM%3As3 HTTP/1.1", "GET /callbacks/clicked/# HTTP/1.1"),
        (
            "https://gw.example/callbacks/unsubscribe/s3cr3t",
            "https://gw.example/callbacks/unsubscribe/#",
        ),
        ("u=%2Fcallbacks%2Fwebhooks%2Fs3cr3t&b", "u=%2Fcallbacks%2Fwebhooks%2F#&b"),
        ("/callbacks/status?api_key=s3cr3t&x=1", "/callbacks/status?api_key=#&x=1"),
        ("url=%3Fapi_key%3Ds3cr3t%26x", "url=%3Fapi_key%3D#%26x"),
        ("{'api_key': 's3cr3t', 'x': 1}", "{'api_key': '#', 'x': 1}"),
        ("/platform/v1/users/jane@x.y/", "/platform/v1/users/#/"),
        ("/callbacks/status?type=email", "/callbacks/status?type=email"),
    ],
)
def test_credentials_in_urls_of_ours_are_masked(text, masked):
    assert mask_urls(text) == masked.replace("#", REDACTED)


def test_a_moment_is_no_number_in_whatever_direction_it_is_read():
    text = "older than 2026-11-20 23:54:07.122548+00:00, id 0199a540-f662-7eb3-a1ee-be560242ac12"
    assert scrub(text) == text
