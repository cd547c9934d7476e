"""Users told by the platform, one or thousands."""

import json

import pytest

from tests.factories import BrandFactory, EndUserFactory, LabelFactory
from tests.platform_caller import BRAND_SECRET, call, error, outcomes, post
from users.api.platform.users import MOST_USERS
from users.models import EndUser

USERS = "/platform/v1/users"
NDJSON = "application/x-ndjson"
JO = {
    "ext_user_id": "u-1",
    "brand": "a",
    "email": "canary@mailbox.example",
    "phone": "0151 12345678",
    "properties": {"country": "DE", "level": 3},
}


def lines(*items) -> bytes:
    return b"".join(
        (item if isinstance(item, bytes) else json.dumps(item).encode()) + b"\n" for item in items
    )


def test_one_user_is_created_changed_and_left_as_it_is(label):
    assert outcomes(post(USERS, JO)) == ["created"]
    user = EndUser.objects.get()
    assert (user.label, user.ext_user_id, user.brand.slug) == (label, "u-1", "a")
    assert user.email.reveal() == "canary@mailbox.example"
    assert user.address("sms").reveal() == "+4915112345678"

    assert outcomes(post(USERS, {"ext_user_id": "u-1", "properties": {"level": 4}})) == ["changed"]
    assert outcomes(post(f"{USERS}/", JO | {"properties": {"level": 4}})) == ["unchanged"]
    assert EndUser.objects.get().properties == {"country": "DE", "level": 4}


def test_what_is_absent_is_kept_and_null_clears(label):
    post(USERS, JO)

    post(USERS, {"ext_user_id": "u-1", "email": None, "properties": {"country": None}})

    user = EndUser.objects.get()
    assert user.email is None
    assert user.phone.reveal() == "0151 12345678"
    assert user.properties == {"level": 3}


def test_each_item_of_an_array_is_answered_by_itself_and_in_its_place(label):
    bad = [
        {"ext_user_id": "u-2", "email": "canary is no address"},
        {"ext_user_id": "u-3", "brand": "canary"},
        {"email": "canary@mailbox.example"},
        {"ext_user_id": "u-4", "properties": "canary"},
        {"ext_user_id": "u-5", "is_admin": "canary"},
        "canary",
        None,
        [JO],
    ]

    response = post(USERS, [JO, *bad, {"ext_user_id": "u-9"}])

    assert outcomes(response) == [
        "created",
        "invalid",
        "unknown_brand",
        *["invalid"] * 6,
        "created",
    ]
    fields = [each.get("error", {}).get("field") for each in response.json()["results"]]
    assert fields == [
        *(None, "email", "brand", "ext_user_id", "properties"),
        *(None, None, None, None, None),
    ]
    assert "canary" not in response.content.decode()
    assert set(EndUser.objects.values_list("ext_user_id", flat=True)) == {"u-1", "u-9"}


@pytest.mark.parametrize("kind", ["application/x-ndjson", "application/ndjson; charset=utf-8"])
def test_lines_of_json_are_told_apart_from_their_neighbours(label, kind):
    body = lines(JO, b"{", b"", b"\xff", b'{"a": 1, "a": 2}', {"ext_user_id": "u-2"})

    response = post(USERS, body, content_type=kind)

    assert outcomes(response) == ["created", "invalid", "invalid", "invalid", "created"]


def test_a_single_bad_user_is_refused_with_its_field(label):
    assert error(post(USERS, {**JO, "email": "nobody"})) == (422, "invalid", "email")
    assert error(post(USERS, {**JO, "brand": "nope"})) == (422, "unknown_brand", "brand")
    assert error(post(USERS, 7)) == (422, "invalid", "")
    assert not EndUser.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ext_user_id": None}, "ext_user_id"),
        ({"ext_user_id": ""}, "ext_user_id"),
        ({"ext_user_id": True}, "ext_user_id"),
        ({"ext_user_id": 1.5}, "ext_user_id"),
        ({"ext_user_id": ["u-1"]}, "ext_user_id"),
        ({"ext_user_id": "x" * 256}, "ext_user_id"),
        ({"ext_user_id": "\x00"}, "ext_user_id"),
        ({"ext_user_id": "\ud800"}, "ext_user_id"),
        ({"brand": 1}, "brand"),
        ({"brand": {"slug": "a"}}, "brand"),
        ({"email": ["jo@mailbox.example"]}, "email"),
        ({"email": "jo@mailbox.example,al@mailbox.example"}, "email"),
        ({"email": "jo@mailbox.example\nBcc: al@mailbox.example"}, "email"),
        ({"phone": 4915112345678}, "phone"),
        ({"phone": "1" * 65}, "phone"),
        ({"phone": "+49\x00"}, "phone"),
        ({"properties": []}, "properties"),
        ({"properties": {"": 1}}, "properties"),
        ({"properties": {"x" * 65: 1}}, "properties"),
        ({"properties": {"a": "\x00"}}, "properties"),
        ({"properties": {"\ud800": 1}}, "properties"),
        ({"properties": {"a": "x" * 20_000}}, "properties"),
        ({"id": "0190a5b6-0000-7000-8000-000000000000"}, ""),
        ({"label": 1}, ""),
        ({"email_index": "0" * 64}, ""),
        ({"updated_at": "2026-01-01T00:00:00Z"}, ""),
    ],
)
def test_what_no_user_can_be_is_refused(label, change, field):
    assert error(post(USERS, {**JO, **change})) == (422, "invalid", field)
    assert not EndUser.objects.exists()


def test_an_id_may_be_a_whole_number(label):
    assert outcomes(post(USERS, {"ext_user_id": 4711})) == ["created"]
    assert EndUser.objects.get().ext_user_id == "4711"


def test_a_number_that_cannot_be_called_is_kept_and_noted(label):
    response = post(USERS, {"ext_user_id": "u-1", "phone": "0151 12345678"})

    (result,) = response.json()["results"]
    assert result == {"outcome": "created", "notes": ["phone is not a number we can call"]}


def test_the_last_of_several_items_about_one_user_stands(label):
    response = post(USERS, [JO, {"ext_user_id": "u-1", "email": "last@mailbox.example"}])

    assert outcomes(response) == ["created", "changed"]
    assert response.json()["results"][1]["notes"] == ["the user came before; what came last stands"]
    assert EndUser.objects.get().email.reveal() == "last@mailbox.example"


def test_ten_thousand_users_are_taken_and_one_more_is_not(label):
    many = [{"ext_user_id": str(n)} for n in range(MOST_USERS)]

    assert outcomes(post(USERS, many)) == ["created"] * MOST_USERS
    assert EndUser.objects.count() == MOST_USERS
    one_more = [*many, {"ext_user_id": "x"}]
    assert error(post(USERS, one_more)) == (413, "too_many", "")
    as_lines = post(USERS, b'{"ext_user_id": "x"}\n' * len(one_more), content_type=NDJSON)
    assert error(as_lines) == (413, "too_many", "")
    assert EndUser.objects.count() == MOST_USERS


def test_no_items_have_no_results(label):
    assert post(USERS, []).json() == {"results": []}
    assert post(USERS, b"\n\n", content_type=NDJSON).json() == {"results": []}


def test_users_of_another_label_are_other_users(label):
    elsewhere = EndUserFactory(ext_user_id="u-1", label=LabelFactory())
    BrandFactory(slug="theirs", label=elsewhere.label)

    assert outcomes(post(USERS, [JO, {**JO, "brand": "theirs"}])) == ["created", "unknown_brand"]
    assert EndUser.objects.filter(ext_user_id="u-1").count() == 2


def test_a_key_that_is_bound_to_a_brand_makes_users_of_that_brand(label, brand, brand_key):
    new = [{"ext_user_id": "u-1"}, {"ext_user_id": "u-2", "brand": "a"}]

    assert outcomes(post(USERS, new, key=BRAND_SECRET)) == ["created", "created"]
    assert set(EndUser.objects.values_list("brand", flat=True)) == {brand.pk}


def test_a_key_that_is_bound_to_a_brand_moves_nobody_in_or_out(
    label, brand, other_brand, brand_key
):
    EndUserFactory(label=label, ext_user_id="own", brand=brand)
    EndUserFactory(label=label, ext_user_id="other", brand=other_brand)
    EndUserFactory(label=label, ext_user_id="nobodys", brand=None)
    before = list(EndUser.objects.order_by("pk").values())
    tries = [
        {"ext_user_id": "own", "brand": "b"},
        {"ext_user_id": "own", "brand": None},
        {"ext_user_id": "own", "brand": "nope"},
        {"ext_user_id": "new", "brand": "b"},
        {"ext_user_id": "other", "email": "mine@mailbox.example"},
        {"ext_user_id": "other", "brand": "a"},
        {"ext_user_id": "nobodys", "brand": "a"},
    ]

    response = post(USERS, tries, key=BRAND_SECRET)

    assert outcomes(response) == [
        *("another_brand", "another_brand", "unknown_brand", "another_brand"),
        *("another_brand", "another_brand", "another_brand"),
    ]
    assert list(EndUser.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("body", [b" ", b"{", b'{"a": 1, "a": 2}', b"\xff", b"[NaN]", b"[1e999]"])
def test_what_is_no_json_is_refused(label, body):
    assert error(post(USERS, body)) == (400, "not_json", "")


def test_another_content_type_or_method_is_refused(label):
    assert error(post(USERS, "a=b", content_type="text/plain")) == (415, "not_json", "")
    assert error(post(USERS, "[]", content_type="multipart/form-data")) == (415, "not_json", "")
    assert error(post(USERS, "[]", headers={"Content-Encoding": "gzip"})) == (415, "not_json", "")
    response = call("put", USERS, JO)
    assert error(response) == (405, "no_such_method", "")
    assert "POST" in response["Allow"]


def test_a_caller_without_a_platform_key_is_not_authorised(label):
    response = post(USERS, JO, key="wrong")

    assert error(response) == (401, "not_authorised", "")
    assert not EndUser.objects.exists()
