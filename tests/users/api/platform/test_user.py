"""One user of the platform: read with masks, changed, erased."""

from urllib.parse import quote

import pytest

from gateway_project.lib.fields import Ciphertext
from tests.factories import EndUserFactory, LabelFactory, MessageFactory
from tests.platform_caller import BRAND_SECRET, call, error, get
from users.models import EndUser, ErasureProof
from users.suppressions import suppress

EMAIL, PHONE = "canary@mailbox.example", "+4915112345678"


def path_of(ext_user_id: str) -> str:
    return f"/platform/v1/users/{quote(ext_user_id, safe='')}"


JO = path_of("u-1")


@pytest.fixture
def jo(label, brand) -> EndUser:
    return EndUserFactory(
        label=label,
        brand=brand,
        ext_user_id="u-1",
        email=EMAIL,
        phone=PHONE,
        properties={"country": "DE", "second": EMAIL},
    )


def test_a_user_is_read_with_masks(label, jo):
    suppress(label.pk, "sms", [jo.phone_index], "complained")

    response = get(JO)

    assert response.status_code == 200
    told = response.json()
    assert told["channels"].pop("sms")["suppressed"]["reason"] == "complained"
    assert told["created_at"].endswith("Z")
    assert {name: told[name] for name in told if not name.endswith("_at")} == {
        "ext_user_id": "u-1",
        "brand": "a",
        "email": "c***@m***.example",
        "phone": "+49 *** *** 78",
        "properties": {"country": "DE", "second": "c***@m***.example"},
        "channels": {
            name: {"has_address": True, "suppressed": None}
            for name in ("email", "viber", "whatsapp", "rcs")
        },
    }
    assert EMAIL not in response.content.decode()
    assert PHONE not in response.content.decode()


def test_a_user_without_addresses_has_none(label):
    EndUserFactory(label=label, ext_user_id="u-1", email=None, phone="of no use")

    told = get(JO).json()

    assert (told["email"], told["phone"], told["brand"]) == (None, "***", None)
    assert told["channels"]["sms"] == {"has_address": False, "suppressed": None}


def test_an_address_that_does_not_open_is_only_stars(label, jo):
    EndUser.objects.filter(pk=jo.pk).update(email=Ciphertext("t1$damaged"))

    assert get(JO).json()["email"] == "***"


def test_a_change_answers_how_the_user_is_now(label, jo):
    response = call("patch", JO, {"phone": None, "properties": {"market": "north"}})

    assert response.status_code == 200
    told = response.json()
    assert (told["phone"], told["brand"]) == (None, "a")
    assert told["properties"] == {
        "country": "DE",
        "second": "c***@m***.example",
        "market": "north",
    }
    jo.refresh_from_db()
    assert jo.phone is None
    assert jo.email.reveal() == EMAIL


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"email": "nobody"}, (422, "invalid", "email")),
        ({"brand": "nope"}, (422, "unknown_brand", "brand")),
        ({"ext_user_id": "u-2"}, (422, "invalid", "ext_user_id")),
        ({"ext_user_id": None}, (422, "invalid", "ext_user_id")),
        ({"id": "u-2"}, (422, "invalid", "")),
        ([{"phone": None}], (400, "not_json", "")),
        ("{", (400, "not_json", "")),
    ],
)
def test_a_change_that_cannot_be_is_refused_and_changes_nothing(label, jo, body, expected):
    before = EndUser.objects.values().get()

    assert error(call("patch", JO, body)) == expected

    assert EndUser.objects.values().get() == before


def test_a_user_nobody_knows_is_neither_read_nor_made(label):
    EndUserFactory(label=LabelFactory(), ext_user_id="u-1")

    assert error(get(JO)) == (404, "not_found", "")
    assert error(call("patch", JO, {"email": EMAIL})) == (404, "not_found", "ext_user_id")
    assert error(call("delete", JO)) == (404, "not_found", "")
    assert EndUser.objects.count() == 1


def test_an_erased_user_is_gone_and_so_is_what_waited(label, jo):
    message = MessageFactory(label=label, end_user=jo)

    response = call("delete", JO)

    assert (response.status_code, response.content) == (204, b"")
    assert error(get(JO)) == (404, "not_found", "")
    message.refresh_from_db()
    assert (message.status, message.content) == ("failed", None)


def test_erasing_again_is_no_error_and_proves_nothing_more(label, jo, other_brand, brand_key):
    assert call("delete", JO).status_code == 204
    assert call("delete", JO).status_code == 204
    assert call("delete", JO, key=BRAND_SECRET).status_code == 204
    proof = ErasureProof.objects.get()
    assert proof.erased_by.startswith("platform key ")

    EndUserFactory(label=label, ext_user_id="u-1", brand=other_brand)
    assert error(call("delete", JO, key=BRAND_SECRET)) == (404, "not_found", "")
    assert EndUser.objects.exists()


def test_a_key_that_is_bound_to_a_brand_knows_the_users_of_that_brand_only(
    label, jo, other_brand, brand_key
):
    assert get(JO, key=BRAND_SECRET).status_code == 200
    moving = call("patch", JO, {"brand": "b"}, key=BRAND_SECRET)
    assert error(moving) == (422, "another_brand", "brand")
    jo.brand = other_brand
    jo.save()

    assert error(get(JO, key=BRAND_SECRET)) == (404, "not_found", "")
    taking = call("patch", JO, {"brand": "a"}, key=BRAND_SECRET)
    assert error(taking) == (404, "not_found", "ext_user_id")
    assert error(call("delete", JO, key=BRAND_SECRET)) == (404, "not_found", "")
    assert EndUser.objects.get().brand == other_brand


STRANGE = (
    *("a/b", "/a", "a//b", "a b", " a ", ".", "..", "../../admin", "a.b", "%2F", "%252F", "a%"),
    *("😀", "\u202eevil", "a?b=c", "a#b", "a;b", "a&b=c", '"', "<b>", "\n", "a\r\nb", "+", "users"),
    "jo@mailbox.example",
)


@pytest.mark.parametrize("ext_user_id", STRANGE)
@pytest.mark.parametrize("slash", ["", "/"])
def test_any_id_leads_to_its_user_and_to_no_other(label, ext_user_id, slash):
    EndUserFactory(label=label, ext_user_id=ext_user_id)

    response = get(path_of(ext_user_id) + slash)

    assert response.status_code == 200, response.content
    assert response.json()["ext_user_id"] == ext_user_id
    EndUser.objects.all().delete()
    for other in ("a", "b", "admin", "u-1"):
        EndUserFactory(label=label, ext_user_id=other)
    assert error(call("delete", path_of(ext_user_id) + slash)) == (404, "not_found", "")
    assert EndUser.objects.count() == 4


def test_an_id_that_ends_in_a_slash_is_written_with_one_more(label):
    EndUserFactory(label=label, ext_user_id="a/")

    assert get("/platform/v1/users/a%2F/").json()["ext_user_id"] == "a/"
    assert error(get("/platform/v1/users/a%2F")) == (404, "not_found", "")


@pytest.mark.parametrize("path", ["a%00", "%00", "%ED%A0%80", "x" * 300])
def test_an_id_that_nobody_can_have_is_not_found(label, path):
    assert error(get(f"/platform/v1/users/{path}")) == (404, "not_found", "")
    assert error(call("delete", f"/platform/v1/users/{path}")) == (404, "not_found", "")
    assert error(call("patch", f"/platform/v1/users/{path}", {}))[0] in (404, 422)


def test_the_id_of_a_user_who_is_not_found_stays_out_of_the_log(label, caplog):
    with caplog.at_level("INFO"):
        get(path_of("jo canary"))
        get("/platform/v1/users/jo/canary@mailbox.example")

    assert "canary" not in caplog.text


def test_other_methods_are_refused_and_head_tells_no_body(label, jo):
    for method in ("post", "put"):
        assert error(call(method, JO, {})) == (405, "no_such_method", "")
    head = call("head", JO)
    assert (head.status_code, head.content) == (200, b"")
    options = call("options", JO)
    assert (options.status_code, options.content) == (204, b"")
    assert {"GET", "PATCH", "DELETE"} <= set(options["Allow"].split(", "))
