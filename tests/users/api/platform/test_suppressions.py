"""The platform names addresses that are not to be written to, lifts and lists them."""

import threading

import pytest
from django.db import connection

from gateways.models import Key
from tests.factories import EndUserFactory, LabelFactory
from tests.platform_caller import BRAND_SECRET, call, error, get, post
from users.addresses import email_index, phone_index
from users.api.platform.suppression_body import MOST_ADDRESSES
from users.models import Lifting, Suppression
from users.sharing import MOST_NAMED
from users.signals import addresses_lifted, addresses_suppressed
from users.suppressions import is_suppressed, suppress

SUPPRESSIONS, REMOVE = "/platform/v1/suppressions", "/platform/v1/suppressions/remove"
EMAIL, PHONE = "Canary@mailbox.example", "+4915112345678"


def results(response) -> dict[str, list[str]]:
    """By list the outcome of each item, or the code of its error."""
    assert response.status_code == 200, response.content
    assert "anary" not in response.content.decode()
    assert PHONE not in response.content.decode()
    return {
        name: [each.get("outcome") or each["error"]["code"] for each in items]
        for name, items in response.json()["results"].items()
    }


def closed() -> set[tuple[str, str]]:
    return set(Suppression.objects.values_list("channel", "address_index"))


@pytest.fixture
def told():
    heard = []

    def hear(sender, channel, address_indexes, addresses, **kwargs):
        plain = {index: address.reveal() for index, address in addresses.items()}
        heard.append((channel, set(address_indexes), plain))

    addresses_suppressed.connect(hear)
    addresses_lifted.connect(hear)
    yield heard
    addresses_suppressed.disconnect(hear)
    addresses_lifted.disconnect(hear)


def test_addresses_are_suppressed_each_on_its_channel(label):
    body = {"emails": [EMAIL], "phones": ["0151 12345678"], "channel": "sms", "country": "DE"}

    assert results(post(SUPPRESSIONS, body)) == {"emails": ["suppressed"], "phones": ["suppressed"]}

    assert closed() == {("email", email_index(EMAIL)), ("sms", phone_index(PHONE))}
    assert results(post(SUPPRESSIONS, body)) == {"emails": ["unchanged"], "phones": ["unchanged"]}
    assert set(Suppression.objects.values_list("reason", flat=True)) == {"platform"}


def test_addresses_are_lifted_again(label):
    body = {"emails": [EMAIL.lower()], "phones": [PHONE], "channel": "viber"}
    post(SUPPRESSIONS, body)
    post(SUPPRESSIONS, {"phones": [PHONE], "channel": "sms"})

    assert results(post(REMOVE, body)) == {"emails": ["lifted"], "phones": ["lifted"]}

    assert closed() == {("sms", phone_index(PHONE))}
    assert results(post(f"{REMOVE}/", body)) == {"emails": ["unchanged"], "phones": ["unchanged"]}


def test_users_are_named_by_their_ids(label):
    EndUserFactory(label=label, ext_user_id="1", phone=PHONE)
    EndUserFactory(label=label, ext_user_id="no phone", phone=None)
    EndUserFactory(label=LabelFactory(), ext_user_id="elsewhere", phone=PHONE)
    ids = ["1", 1, "no phone", "elsewhere", "\x00", None, {}]

    response = post(SUPPRESSIONS, {"ext_user_ids": ids, "channel": "whatsapp"})

    assert results(response) == {
        "ext_user_ids": [
            *("suppressed", "unchanged", "no_address"),
            *("not_found", "not_found", "invalid", "invalid"),
        ]
    }
    assert closed() == {("whatsapp", phone_index(PHONE))}


def test_what_is_no_address_is_told_in_its_place(label):
    numbers = ["0151 12345678", PHONE, 4915112345678, "9" * 1000, PHONE]

    response = post(
        SUPPRESSIONS,
        {
            "emails": ["nobody", EMAIL, "a@b.example,c@d.example"],
            "phones": numbers,
            "channel": "sms",
        },
    )

    assert results(response) == {
        "emails": ["invalid", "suppressed", "invalid"],
        "phones": ["invalid", "suppressed", "invalid", "invalid", "unchanged"],
    }


def test_the_floor_above_is_told_with_the_addresses_that_were_named(label, told):
    jo = EndUserFactory(label=label, ext_user_id="u-1", email="jo@mailbox.example")
    body = {"emails": [EMAIL], "ext_user_ids": ["u-1"], "channel": "email"}

    post(SUPPRESSIONS, body)
    post(SUPPRESSIONS, body)
    post(REMOVE, body)

    indexes = {email_index(EMAIL), jo.email_index}
    assert told == [("email", indexes, {email_index(EMAIL): EMAIL})] * 2


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (422, "invalid", "")),
        ({"channel": "sms"}, (422, "invalid", "")),
        ({"emails": EMAIL}, (422, "invalid", "emails")),
        ({"emails": None}, (422, "invalid", "emails")),
        ({"phones": [PHONE]}, (422, "invalid", "channel")),
        ({"phones": [PHONE], "channel": "email"}, (422, "invalid", "channel")),
        ({"phones": [PHONE], "channel": "custom_im"}, (422, "invalid", "channel")),
        ({"phones": [PHONE], "channel": ["sms"]}, (422, "invalid", "channel")),
        ({"ext_user_ids": ["u-1"]}, (422, "invalid", "channel")),
        ({"emails": [], "channel": "fax"}, (422, "invalid", "channel")),
        ({"phones": [], "channel": "sms", "country": "DEU"}, (422, "invalid", "country")),
        ({"emails": [], "label": 1}, (422, "invalid", "")),
        ({"emails": [], "reason": EMAIL}, (422, "invalid", "reason")),
        ([EMAIL], (400, "not_json", "")),
        ({"emails": ["x"] * (MOST_ADDRESSES + 1)}, (413, "too_many", "")),
        (
            {"emails": ["x"] * MOST_ADDRESSES, "phones": ["x"], "channel": "sms"},
            (413, "too_many", ""),
        ),
    ],
)
def test_a_body_that_cannot_be_meant_is_refused(label, body, expected):
    response = post(SUPPRESSIONS, body)

    assert error(response) == expected
    assert EMAIL not in response.content.decode()
    assert not Suppression.objects.exists()


def test_who_lifts_and_why_is_kept(label):
    post(SUPPRESSIONS, {"emails": [EMAIL], "reason": "complained"})
    assert Suppression.objects.get().reason == "complained"

    post(REMOVE, {"emails": [EMAIL], "reason": f"{EMAIL} signed up once more"})

    kept, key = Lifting.objects.get(), Key.objects.get()
    assert (kept.reason, kept.lifted_by) == ("complained", f"platform key {key.pk}")
    assert kept.because.endswith("signed up once more")
    assert "anary" not in kept.because


@pytest.mark.parametrize("reason", [5, ["x"], "x" * 301, "a\x00b"])
def test_a_reason_for_lifting_that_is_no_text_is_refused(label, reason):
    post(SUPPRESSIONS, {"emails": [EMAIL]})
    assert error(post(REMOVE, {"emails": [EMAIL], "reason": reason})) == (422, "invalid", "reason")
    assert Suppression.objects.exists()


def test_a_key_that_is_bound_to_a_brand_closes_addresses_of_its_users_only(
    label, brand, other_brand, brand_key
):
    EndUserFactory(label=label, ext_user_id="own", brand=brand, email="own@x.example")
    EndUserFactory(label=label, ext_user_id="both", brand=brand, email="both@x.example")
    EndUserFactory(label=label, ext_user_id="b", brand=other_brand, email="both@x.example")
    EndUserFactory(label=label, ext_user_id="none", brand=None, email="none@x.example")
    emails = ["own@x.example", "both@x.example", "none@x.example", "nobody@x.example"]
    body = {"emails": emails, "ext_user_ids": ["own", "b", "none"], "channel": "email"}

    assert results(post(SUPPRESSIONS, body, key=BRAND_SECRET)) == {
        "emails": ["suppressed", "suppressed", "another_brand", "another_brand"],
        "ext_user_ids": ["unchanged", "not_found", "not_found"],
    }
    assert results(post(REMOVE, body, key=BRAND_SECRET)) == {
        "emails": ["lifted", "another_brand", "another_brand", "another_brand"],
        "ext_user_ids": ["unchanged", "not_found", "not_found"],
    }
    assert closed() == {("email", email_index("both@x.example"))}


def test_suppressions_are_listed_with_those_who_share_the_address(label, brand, brand_key):
    for number in range(3):
        EndUserFactory(label=label, ext_user_id=f"u-{number}", phone=PHONE)
    EndUserFactory(label=label, ext_user_id="own", brand=brand, phone=PHONE)
    EndUserFactory(label=LabelFactory(), ext_user_id="elsewhere", phone=PHONE)
    suppress(label.pk, "sms", [phone_index(PHONE)], "complained")
    suppress(label.pk, "email", [email_index(EMAIL)], "platform")
    suppress(LabelFactory().pk, "email", [email_index(EMAIL)], "platform")

    response = get(SUPPRESSIONS)

    told = response.json()
    assert [each.pop("since").endswith("Z") for each in told["suppressions"]] == [True, True]
    assert told == {
        "suppressions": [
            {
                "channel": "sms",
                "reason": "complained",
                "ext_user_ids": ["own", "u-0", "u-1", "u-2"],
                "more_users": False,
            },
            {"channel": "email", "reason": "platform", "ext_user_ids": [], "more_users": False},
        ],
        "next": None,
    }
    assert email_index(EMAIL) not in response.content.decode()
    (own,) = get(SUPPRESSIONS, key=BRAND_SECRET).json()["suppressions"]
    assert (own["channel"], own["ext_user_ids"]) == ("sms", ["own"])
    (of_email,) = get(SUPPRESSIONS, {"channel": "email"}).json()["suppressions"]
    assert of_email["channel"] == "email"


def test_an_address_that_very_many_share_names_the_first_of_them(label):
    EndUserFactory.create_batch(MOST_NAMED + 1, label=label, phone=PHONE)
    suppress(label.pk, "sms", [phone_index(PHONE)], "complained")

    (told,) = get(SUPPRESSIONS).json()["suppressions"]

    assert len(told["ext_user_ids"]) == MOST_NAMED
    assert told["more_users"] is True


def test_a_long_list_is_read_page_by_page(label):
    suppress(label.pk, "email", [email_index(f"{n}@x.example") for n in range(5)], "platform")
    found, cursor = 0, {}
    for expected in (2, 2, 1):
        told = get(SUPPRESSIONS, {"limit": 2} | cursor).json()
        assert len(told["suppressions"]) == expected
        found, cursor = found + expected, {"cursor": told["next"]}
    assert told["next"] is None
    for wrong in ("x", "-1", "9" * 19, ""):
        assert error(get(SUPPRESSIONS, {"cursor": wrong})) == (422, "invalid", "cursor")
    assert error(get(SUPPRESSIONS, {"channel": "fax"})) == (422, "invalid", "channel")


def test_methods_and_keys_are_as_everywhere(label):
    assert error(call("delete", SUPPRESSIONS)) == (405, "no_such_method", "")
    assert error(get(REMOVE)) == (405, "no_such_method", "")
    assert error(post(SUPPRESSIONS, {"emails": []}, key="wrong")) == (401, "not_authorised", "")


@pytest.mark.django_db(transaction=True)
def test_lists_in_any_order_from_many_callers_at_once_do_not_wait_for_each_other(label):
    emails = [f"{n}@x.example" for n in range(40)]
    answers, start = [], threading.Barrier(4)

    def work(turn):
        body = {
            "emails": emails[turn * 10 :] + emails[: turn * 10],
            "phones": [PHONE],
            "channel": "sms",
        }
        start.wait()
        try:
            for path in (SUPPRESSIONS, REMOVE) * 3:
                answers.append(post(path, body).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(turn,)) for turn in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == [200] * 24
    assert not is_suppressed(label.pk, "email", email_index(emails[0]))
