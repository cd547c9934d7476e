"""The list of hosts that are called back, against every trick to get around it."""

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateways.callback_hosts import (
    CallbackRefused,
    check_callback_host,
    check_callback_url,
    origin_of,
)

HOSTS = (
    "api.smartico.ai",
    "*.partner.example",
    "http://127.0.0.1:8099",
    "https://alt.example:8443",
)

ALLOWED = {
    "https://api.smartico.ai/......callback": "https://api.smartico.ai",
    "https://api.smartico.ai": "https://api.smartico.ai",
    "https://api.smartico.ai?x=1": "https://api.smartico.ai",
    "https://api.smartico.ai:443/cb?x=1#there": "https://api.smartico.ai",
    "HTTPS://API.Smartico.AI./cb": "https://api.smartico.ai",
    "https://a.partner.example/": "https://a.partner.example",
    "https://a.b.c.partner.example/": "https://a.b.c.partner.example",
    "https://alt.example:8443/cb": "https://alt.example:8443",
    "http://127.0.0.1:8099/cb": "http://127.0.0.1:8099",
    "https://api.smartico.ai/cb@evil.example": "https://api.smartico.ai",
    "https://api.smartico.ai/cb?next=https://evil.example": "https://api.smartico.ai",
}

REFUSED = [
    "",
    "/cb",
    "//api.smartico.ai/cb",
    "https:api.smartico.ai/cb",
    "https:/api.smartico.ai/cb",
    "https:///api.smartico.ai/cb",
    "https://",
    "http://api.smartico.ai/cb",
    "ftp://api.smartico.ai/cb",
    "httpſ://api.smartico.ai/cb",
    "javascript:alert(1)",
    "https://evil.example/cb",
    "https://api.smartico.ai.evil.example/cb",
    "https://evilapi.smartico.ai/cb",
    "https://smartico.ai/cb",
    "https://partner.example/cb",
    "https://evilpartner.example/cb",
    "https://api.smartico.ai:8443/cb",
    "https://api.smartico.ai:80/cb",
    "https://api.smartico.ai:/cb",
    "https://api.smartico.ai:0443/cb",
    "https://api.smartico.ai:99999/cb",
    "https://a.partner.example:8443/cb",
    "https://alt.example/cb",
    "https://api.smartico.ai@evil.example/cb",
    "https://user:secret@api.smartico.ai/cb",
    "https://@api.smartico.ai/cb",
    "https://evil.example\\@api.smartico.ai/cb",
    "https://api.smartico.ai\\.evil.example/cb",
    "https:\\\\api.smartico.ai/cb",
    "https://evil.example#@api.smartico.ai/cb",
    "https://evil.example?@api.smartico.ai/cb",
    "https://api.smartico.ai%2eevil.example/cb",
    "https://api.smartico.ai%00.evil.example/cb",
    "https://api.smartico.ai../cb",
    "https://.api.smartico.ai/cb",
    "https://*.partner.example/cb",
    "https://api..smartico.ai/cb",
    "https://-api.partner.example/cb",
    " https://api.smartico.ai/cb",
    "https://api.smartico.ai/cb ",
    "https://api.smartico.ai/c b",
    "https://api.smartico.ai/cb\r\nHost: evil.example",
    "https://api.smartico.ai/\tcb",
    "https://api.smartico.ai/\x00cb",
    "https://api.smartico.ai/\x85cb",
    "https://api.smartico.ai/\u2028cb",
    "https://api.smartico.ai/\u00a0cb",
    "https://api.\u200bsmartico.ai/cb",
    "https://api.sm\u0430rtico.ai/cb",  # Cyrillic a
    "https://api.smart\u0131co.ai/cb",  # dotless i
    "https://\uff41pi.smartico.ai/cb",  # full-width a
    "https://api\u3002smartico.ai/cb",  # ideographic full stop
    "https://a.partner\u2024example/cb",  # one-dot leader
    "https://a.partner.example\uff0f.evil.example/cb",  # full-width slash
    "http://127.0.0.1/cb",
    "https://127.0.0.1:8099/cb",
    "http://127.1:8099/cb",
    "http://127.000.000.001:8099/cb",
    "http://2130706433:8099/cb",
    "http://0x7f000001:8099/cb",
    "http://0x7f.1:8099/cb",
    "http://0177.0.0.1:8099/cb",
    "http://[::1]:8099/cb",
    "http://[::ffff:127.0.0.1]:8099/cb",
    "http://[::1%25lo]:8099/cb",
    "http://localhost:8099/cb",
    "https://169.254.169.254/cb",
    "https://api.smartico.ai/" + "a" * 2_048,
]


@pytest.mark.parametrize("url", ALLOWED)
def test_a_url_on_the_list_is_its_normalised_origin(url):
    assert check_callback_url(url, HOSTS) == ALLOWED[url]
    assert origin_of(url) == ALLOWED[url]


@pytest.mark.parametrize("url", REFUSED)
def test_everything_else_is_refused(url):
    with pytest.raises(CallbackRefused):
        check_callback_url(url, HOSTS)


def test_an_empty_list_allows_nothing():
    with pytest.raises(CallbackRefused):
        check_callback_url("https://api.smartico.ai/cb", ())


def test_an_address_needs_an_entry_with_scheme_and_port():
    with pytest.raises(CallbackRefused):
        check_callback_url("https://93.184.216.34/cb", ["93.184.216.34"])
    assert check_callback_url("https://93.184.216.34/cb", ["https://93.184.216.34"])


def test_an_address_inside_the_house_needs_egress_allow_too(settings):
    settings.EGRESS_ALLOW = []
    with pytest.raises(CallbackRefused):
        check_callback_url("http://127.0.0.1:8099/cb", HOSTS)


def test_the_kelvin_sign_is_not_a_k():
    with pytest.raises(CallbackRefused):
        check_callback_url("https://\u212aiosk.example/cb", ["kiosk.example"])


def test_an_international_name_is_one_host_in_both_spellings():
    origin = "https://xn--bcher-kva.example"
    assert check_callback_url("https://bücher.example/cb", ["xn--bcher-kva.example"]) == origin
    assert check_callback_url("https://XN--Bcher-kva.example/", ["bücher.example"]) == origin


def test_a_refusal_says_nothing_of_the_url():
    with pytest.raises(CallbackRefused) as refusal:
        check_callback_url("https://canary@evil.example/canary", HOSTS)
    assert "canary" not in str(refusal.value)
    assert "evil" not in str(refusal.value)


@pytest.mark.parametrize(
    ("entry", "normal"),
    [
        ("API.smartico.ai.", "api.smartico.ai"),
        ("*.Smartico.ai", "*.smartico.ai"),
        ("http://127.0.0.1:8099", "http://127.0.0.1:8099"),
        ("https://alt.example", "https://alt.example:443"),
        ("http://[::1]:8099", "http://[::1]:8099"),
    ],
)
def test_an_entry_has_one_spelling(entry, normal):
    assert check_callback_host(entry) == normal
    assert check_callback_host(normal) == normal


@pytest.mark.parametrize(
    "entry",
    ["", "*", "*.", "ftp://x.example", "a b", "x.example/path", "u@x.example", "*.*.x", "://x"],
)
def test_what_is_no_host_is_no_entry(entry):
    with pytest.raises(CallbackRefused):
        check_callback_host(entry)


@given(st.text(max_size=80))
def test_no_text_gets_past_the_list(text):
    for url in (text, f"https://{text}", f"https://{text}/api.smartico.ai", f"http://{text}:80/"):
        try:
            origin = check_callback_url(url, HOSTS)
        except CallbackRefused:
            continue
        assert origin == "https://api.smartico.ai" or origin.endswith(".partner.example")


@given(
    before=st.text(string.printable + "@\\#?:/%.。／＠ａ\u212a\u0131", max_size=12),
    after=st.text(string.printable + "@\\#?:/%.。／＠", max_size=12),
)
def test_nothing_around_a_listed_host_makes_another_host_pass(before, after):
    url = f"https://{before}evil.example{after}"
    assume(not before.lower().startswith("api.smartico.ai"))
    try:
        origin = check_callback_url(url, ["api.smartico.ai"])
    except CallbackRefused:
        return
    assert url.lower().startswith(("https://api.smartico.ai/", "https://api.smartico.ai?"))
    assert origin == "https://api.smartico.ai"


@given(st.integers(0, 2**32 - 1), st.sampled_from(["{}", "0x{:x}", "0{:o}"]))
def test_no_number_is_a_host(number, spelling):
    with pytest.raises(CallbackRefused):
        check_callback_url(f"http://{spelling.format(number)}:8099/", HOSTS)
