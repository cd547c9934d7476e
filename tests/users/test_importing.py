import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from gateway_project.lib import copying
from gateway_project.lib.fields import Ciphertext
from gateways import configuration
from tests.factories import BrandFactory, EndUserFactory, LabelFactory
from users import importing
from users.addresses import email_index, phone_index
from users.importing import REPEATED, UNCALLABLE, Outcome, RowResult, import_rows, upsert
from users.models import EndUser
from users.rows import BadRow, row_of

CREATED, CHANGED, UNCHANGED = (
    RowResult(outcome=outcome) for outcome in (Outcome.CREATED, Outcome.CHANGED, Outcome.UNCHANGED)
)
UNKNOWN_BRAND = RowResult(outcome=Outcome.BAD, reason="unknown brand", field="brand")


@pytest.fixture
def label():
    return BrandFactory(slug="a", label=LabelFactory()).label


def said(ext_user_id="1", **fields):
    return row_of({"ext_user_id": ext_user_id, **fields})


def stored(label, ext_user_id="1"):
    return EndUser.objects.get(label=label, ext_user_id=ext_user_id)


def column(user):
    return EndUser.objects.values_list("email", "phone").get(pk=user.pk)


@pytest.mark.django_db
def test_a_new_user_is_created_with_everything_that_is_said(label):
    row = said(
        brand="a",
        email="Jo@mailbox.example",
        phone="0151 12345678",
        properties={"country": "DE", "vip": None, "level": 3},
    )
    assert upsert(label.pk, [row]) == [CREATED]
    user = stored(label)
    assert user.brand.slug == "a"
    assert user.email.reveal() == "Jo@mailbox.example"
    assert user.email_index == email_index("jo@mailbox.example")
    assert user.address("sms").reveal() == "+4915112345678"
    assert user.phone_index == phone_index("+4915112345678")
    assert user.properties == {"country": "DE", "level": 3}


@pytest.mark.django_db
def test_what_is_absent_is_kept(label):
    EndUserFactory(label=label, ext_user_id="1", brand=label.brands.get(), email="jo@x.example")
    before = stored(label)
    assert upsert(label.pk, [said()]) == [UNCHANGED]
    assert upsert(label.pk, [said(properties={"market": "north"})]) == [CHANGED]
    after = stored(label)
    assert (after.pk, after.brand, column(after)) == (before.pk, before.brand, column(before))
    assert after.properties == {"country": "DE", "market": "north"}
    assert after.created_at == before.created_at
    assert after.updated_at > before.updated_at


@pytest.mark.django_db
def test_null_clears(label):
    EndUserFactory(label=label, ext_user_id="1", brand=label.brands.get())
    row = said(brand=None, email=None, phone=None, properties={"country": None})
    assert upsert(label.pk, [row]) == [CHANGED]
    user = stored(label)
    assert (user.brand, user.email, user.phone, user.properties) == (None, None, None, {})
    assert (user.email_index, user.phone_index) == (None, None)


@pytest.mark.django_db
def test_null_for_all_properties_clears_all(label):
    EndUserFactory(label=label, ext_user_id="1", properties={"country": "DE", "vip": True})
    assert upsert(label.pk, [said(properties=None)]) == [CHANGED]
    assert stored(label).properties == {}


@pytest.mark.django_db
def test_a_changed_user_keeps_its_key_and_both_addresses_open(label):
    EndUserFactory(label=label, ext_user_id="1", phone="+4915112345678")
    before = stored(label)
    assert upsert(label.pk, [said(email="new@mailbox.example")]) == [CHANGED]
    after = stored(label)
    assert after.pk == before.pk
    assert after.email.reveal() == "new@mailbox.example"
    assert after.email_index == email_index("new@mailbox.example")
    assert after.phone.reveal() == "+4915112345678"


@pytest.mark.django_db
def test_saying_the_same_again_writes_nothing(label):
    row = said(brand="a", email="jo@x.example", phone="+4915112345678", properties={"n": 1})
    upsert(label.pk, [row])
    before = stored(label)
    assert upsert(label.pk, [row]) == [UNCHANGED]
    after = stored(label)
    assert (after.updated_at, column(after)) == (before.updated_at, column(before))


@pytest.mark.django_db
@pytest.mark.parametrize(("one", "other"), [(1, True), (1, 1.0), ("1", 1), ([], {})])
def test_values_that_python_may_take_for_equal_are_news(label, one, other):
    upsert(label.pk, [said(properties={"n": one})])
    assert upsert(label.pk, [said(properties={"n": other})]) == [CHANGED]
    assert repr(stored(label).properties) == repr({"n": other})


@pytest.mark.django_db
def test_a_change_of_country_makes_the_stored_number_callable(label):
    row = said(phone="0151 12345678")
    assert upsert(label.pk, [row]) == [RowResult(outcome=Outcome.CREATED, notes=(UNCALLABLE,))]
    assert stored(label).phone.reveal() == "0151 12345678"
    assert stored(label).phone_index is None
    assert upsert(label.pk, [said(properties={"country": "DE"})]) == [CHANGED]
    assert stored(label).phone_index == phone_index("+4915112345678")


@pytest.mark.django_db
def test_an_address_that_does_not_open_is_put_right(label):
    user = EndUserFactory(label=label, ext_user_id="1", email="jo@x.example")
    EndUser.objects.filter(pk=user.pk).update(email=Ciphertext("t1$damaged"))
    assert upsert(label.pk, [said(properties={"vip": True})]) == [CHANGED]
    assert upsert(label.pk, [said(email="jo@x.example")]) == [CHANGED]
    assert stored(label).email.reveal() == "jo@x.example"


@pytest.mark.django_db
def test_an_unknown_brand_and_that_of_another_label_are_bad_and_harm_no_other_row(label):
    BrandFactory(slug="b")
    rows = [said("1", brand="nope"), said("2", brand="a"), said("3", brand="b")]
    assert upsert(label.pk, rows) == [UNKNOWN_BRAND, CREATED, UNKNOWN_BRAND]
    assert EndUser.objects.get().ext_user_id == "2"


@pytest.mark.django_db
def test_the_last_row_about_one_user_stands(label):
    EndUserFactory(label=label, ext_user_id="2")
    rows = [
        said("1", email="one@x.example"),
        said("2", email="two@x.example"),
        said("1", email="last@x.example", properties={"a": 1}),
        said("2", brand="a"),
        said("1", properties={"b": 2}),
    ]
    again = RowResult(outcome=Outcome.CHANGED, notes=(REPEATED,))
    assert upsert(label.pk, rows) == [CREATED, CHANGED, again, again, again]
    assert stored(label, "1").email.reveal() == "last@x.example"
    assert stored(label, "1").properties == {"a": 1, "b": 2}
    assert stored(label, "2").email.reveal() == "two@x.example"
    assert stored(label, "2").brand.slug == "a"


@pytest.mark.django_db
def test_a_user_of_another_label_is_another_user(label):
    EndUserFactory(ext_user_id="1", email="other@x.example")
    assert upsert(label.pk, [said(email="jo@x.example")]) == [CREATED]
    assert EndUser.objects.count() == 2


@pytest.mark.django_db
def test_a_dry_run_tells_and_writes_nothing(label):
    EndUserFactory(label=label, ext_user_id="1", email="jo@x.example")
    rows = [said("1", email="new@x.example"), said("2", phone="x"), said("3", brand="x")]
    assert [result.outcome for result in upsert(label.pk, rows, dry_run=True)] == [
        Outcome.CHANGED,
        Outcome.CREATED,
        Outcome.BAD,
    ]
    assert stored(label).email.reveal() == "jo@x.example"
    assert EndUser.objects.count() == 1


@pytest.mark.django_db
def test_no_rows_are_no_users(label):
    assert upsert(label.pk, []) == []


@pytest.mark.django_db
def test_many_users_are_a_handful_of_statements(label, django_assert_max_num_queries):
    EndUserFactory.create_batch(20, label=label)
    rows = [said(f"user-{n}", email=f"{n}@x.example") for n in range(50)]
    configuration.current()  # is read once in a while, not for each batch
    with django_assert_max_num_queries(8):
        upsert(label.pk, rows)


@pytest.mark.django_db
def test_hundreds_at_a_time_are_made_changed_and_left_as_few_are(label):
    def rows(address):
        return [
            said(f"user-{n}", email=f"{n}@{address}", phone=f"+49151{n:08d}", brand="a")
            for n in range(copying.FEWEST)
        ]

    assert upsert(label.pk, rows("x.example")) == [CREATED] * copying.FEWEST
    made = {user.ext_user_id: user for user in EndUser.objects.all()}
    assert upsert(label.pk, rows("x.example")) == [UNCHANGED] * copying.FEWEST
    assert upsert(label.pk, rows("y.example")) == [CHANGED] * copying.FEWEST
    for user in EndUser.objects.select_related("brand"):
        number, before = user.ext_user_id.removeprefix("user-"), made[user.ext_user_id]
        assert user.email.reveal() == f"{number}@y.example"
        assert user.email_index == email_index(f"{number}@y.example")
        assert user.phone_index == phone_index(f"+49151{int(number):08d}")
        assert (user.pk, user.brand.slug, user.created_at) == (before.pk, "a", before.created_at)
        assert user.updated_at > before.updated_at


@pytest.mark.django_db
def test_a_stream_is_told_per_line_in_order_over_all_batches(label, monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 2)
    reads = [
        (2, said("1")),
        (3, BadRow("of this test")),
        (5, BadRow("of this test")),
        (6, BadRow("of this test")),
        (7, said("2", brand="nope")),
        (9, said("1", email="jo@x.example")),
        (10, said("3")),
    ]
    results = list(import_rows(label.pk, iter(reads), started_at=timezone.now()))
    bad = RowResult(outcome=Outcome.BAD, reason="of this test")
    again = RowResult(outcome=Outcome.CHANGED, notes=(REPEATED,))
    told = [CREATED, bad, bad, bad, UNKNOWN_BRAND, again, CREATED]
    assert results == [(line, result) for (line, _), result in zip(reads, told, strict=True)]


@pytest.mark.django_db
def test_a_user_of_an_earlier_import_does_not_come_twice(label):
    upsert(label.pk, [said()])
    later = timezone.now() + timedelta(seconds=1)
    [(_, result)] = import_rows(label.pk, [(2, said(brand="a"))], started_at=later)
    assert result == CHANGED


@pytest.mark.django_db(transaction=True)
def test_two_at_a_time_make_one_user_each(label):
    rows = [said(str(n), email=f"{n}@x.example") for n in range(30)]
    results, start = [], threading.Barrier(4)

    def work(turn):
        start.wait()
        try:
            results.extend(upsert(label.pk, rows[turn:] + rows[:turn]))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(turn * 7,)) for turn in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    outcomes = [result.outcome for result in results]
    assert outcomes.count(Outcome.CREATED) == 30
    assert outcomes.count(Outcome.UNCHANGED) == 90
    assert EndUser.objects.count() == 30
    assert all(user.email.reveal() for user in EndUser.objects.all())


@pytest.mark.django_db
def test_a_user_who_was_made_meanwhile_is_changed(label, monkeypatch):
    EndUserFactory(label=label, ext_user_id="1")
    locked = importing._locked
    looks = iter([lambda *of: {}, locked])
    monkeypatch.setattr(importing, "_locked", lambda *of: next(looks)(*of))
    assert upsert(label.pk, [said(email="jo@x.example")]) == [CHANGED]
    assert stored(label).email.reveal() == "jo@x.example"


@pytest.mark.django_db
def test_what_contradicts_the_database_for_ever_is_raised(label, monkeypatch):
    EndUserFactory(label=label, ext_user_id="1")
    monkeypatch.setattr(importing, "_locked", lambda *of: {})
    with pytest.raises(IntegrityError):
        upsert(label.pk, [said(email="jo@x.example")])
