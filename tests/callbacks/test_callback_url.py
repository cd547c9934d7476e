from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbacks.callback_url import AS_IT_CAME, _ascii, _quoted, reporting_url
from gateway_project.lib.vocabulary import CALLBACK_TYPES, Channel
from gateways.callback_hosts import CallbackRefused, read_callback_url

OURS = {
    "type": "email",
    "ext_message_id": "71e92bca-48a8-11ee-be56-0242ac120002",
    "status": "delivered",
    "api_key": "48a8-11ee-be56-0242",
}
TOLD = (
    "type=email&ext_message_id=71e92bca-48a8-11ee-be56-0242ac120002"
    "&status=delivered&api_key=48a8-11ee-be56-0242"
)


def url_of(url, **changes):
    return reporting_url(read_callback_url(url), **(OURS | changes))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            "https://api.smartico.ai/......callback",
            f"https://api.smartico.ai/......callback?{TOLD}",
        ),
        ("https://api.smartico.ai", f"https://api.smartico.ai/?{TOLD}"),
        ("https://api.smartico.ai/cb?", f"https://api.smartico.ai/cb?{TOLD}"),
        ("https://api.smartico.ai/cb?x=1", f"https://api.smartico.ai/cb?x=1&{TOLD}"),
        ("https://api.smartico.ai/cb#there", f"https://api.smartico.ai/cb?{TOLD}"),
        ("https://api.smartico.ai/cb?x=1#status=y", f"https://api.smartico.ai/cb?x=1&{TOLD}"),
        (
            "https://api.smartico.ai/cb?b=2&a=1&b=3",
            f"https://api.smartico.ai/cb?b=2&a=1&b=3&{TOLD}",
        ),
        (
            "https://api.smartico.ai/cb?a=%2F%20+x&b",
            f"https://api.smartico.ai/cb?a=%2F%20+x&b&{TOLD}",
        ),
        ("https://api.smartico.ai/cb?mystatus=1", f"https://api.smartico.ai/cb?mystatus=1&{TOLD}"),
        ("HTTPS://API.smartico.ai:443/Cb", f"https://api.smartico.ai/Cb?{TOLD}"),
        ("http://127.0.0.1:8099/cb", f"http://127.0.0.1:8099/cb?{TOLD}"),
    ],
)
def test_ours_are_merged_into_the_urls_own_query(given, told):
    assert url_of(given) == told


@pytest.mark.parametrize(
    "theirs",
    [
        "status=opened",
        "status",
        "status=a&status=b",
        "%73tatus=opened",
        "STATUS=opened",
        "+status=opened",
        "status%00=opened",
        "api_key=stolen",
        "api%5Fkey=stolen",
        "ext_message_id=another&type=sms",
    ],
)
def test_same_named_parameters_give_way_to_ours_in_any_spelling(theirs):
    expected = f"https://api.smartico.ai/cb?x=1&y=2&{TOLD}"
    assert url_of(f"https://api.smartico.ai/cb?x=1&{theirs}&y=2") == expected


def test_values_are_encoded():
    url = url_of("https://api.smartico.ai/cb", api_key="a&status=x #+/é")
    assert url.endswith("&api_key=a%26status%3Dx%20%23%2B%2F%C3%A9")


def test_a_path_beyond_ascii_is_encoded_and_an_encoded_one_left_alone():
    assert url_of("https://api.smartico.ai/ü/%C3%BC").startswith(
        "https://api.smartico.ai/%C3%BC/%C3%BC?"
    )


def test_what_is_no_url_is_refused():
    with pytest.raises(CallbackRefused):
        url_of("https://user@api.smartico.ai/cb")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=60))
def test_ours_are_there_once_whatever_the_query_was(query):
    try:
        url = url_of(f"https://api.smartico.ai/cb?{query}")
    except CallbackRefused:
        return
    assert url.isascii()
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    for name, value in OURS.items():
        assert [text for key, text in pairs if key == name] == [value]


def test_every_channel_has_smarticos_word():
    assert set(CALLBACK_TYPES) == set(Channel)
    assert CALLBACK_TYPES["email"] == "email"
    assert CALLBACK_TYPES["custom_im"] == "cim"
    assert {CALLBACK_TYPES[name] for name in ("sms", "viber", "whatsapp", "rcs")} == {"sms"}


@given(st.text(), st.text(alphabet="abcXYZ019%/:?@!$&'()*+,;=-._~ äß\"<"))
def test_what_is_not_quoted_would_have_stayed_the_same(value, part):
    assert _quoted(value) == quote(value, safe="")
    assert _ascii(part) == quote(part, safe=AS_IT_CAME)
