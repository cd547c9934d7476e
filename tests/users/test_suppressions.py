import pytest

from tests.factories import LabelFactory
from users import suppressions
from users.addresses import email_index
from users.models import Suppression
from users.signals import addresses_suppressed
from users.suppressions import Closed, is_suppressed, lift, suppress, suppress_each

pytestmark = pytest.mark.django_db

JO, AL = email_index("jo@mailbox.example"), email_index("al@mailbox.example")


@pytest.fixture
def label():
    return LabelFactory()


def test_a_suppressed_address_is_not_written_to(label, django_assert_num_queries):
    suppress(label.pk, "email", [JO], "complained")
    with django_assert_num_queries(1):
        assert is_suppressed(label.pk, "email", JO)
    assert Suppression.objects.get().reason == "complained"


def test_other_addresses_channels_and_labels_are_written_to(label):
    suppress(label.pk, "email", [JO], "complained")
    assert not is_suppressed(label.pk, "email", AL)
    assert not is_suppressed(label.pk, "sms", JO)
    assert not is_suppressed(LabelFactory().pk, "email", JO)


def test_a_second_time_changes_nothing(label):
    suppress(label.pk, "email", [JO, JO], "complained")
    suppress(label.pk, "email", [JO, AL], "bounced")
    assert set(Suppression.objects.values_list("address_index", "reason")) == {
        (JO, "complained"),
        (AL, "bounced"),
    }


def test_more_than_a_batch_is_suppressed_and_lifted(label, monkeypatch):
    monkeypatch.setattr(suppressions, "BATCH", 2)
    indexes = [f"{n:064}" for n in range(5)]
    suppress(label.pk, "email", iter(indexes), "imported")
    assert all(is_suppressed(label.pk, "email", index) for index in indexes)
    assert lift(label.pk, "email", iter(indexes), by="a test") == 5


def test_what_is_closed_for_several_reasons_is_written_in_one_order_and_told_by_reason(label):
    """Two callers, each in the order of its reasons, would wait for each other."""
    told = []

    def hear(sender, address_indexes, reason, told_by, **kwargs):
        told.append((address_indexes, reason, told_by))

    first, second, third = sorted([JO, AL, email_index("mo@mailbox.example")])
    closed = {
        third: Closed("bounced", 7),
        first: Closed("unsubscribed"),
        second: Closed("bounced", 7),
    }
    addresses_suppressed.connect(hear)
    suppress_each(label.pk, "email", closed)
    addresses_suppressed.disconnect(hear)

    rows = Suppression.objects.order_by("pk").values_list("address_index", "reason")
    assert list(rows) == [(first, "unsubscribed"), (second, "bounced"), (third, "bounced")]
    assert told == [([first], "unsubscribed", None), ([second, third], "bounced", 7)]


def test_a_lifted_address_is_written_to_again(label):
    suppress(label.pk, "email", [JO, AL], "complained")
    suppress(label.pk, "sms", [JO], "complained")
    assert lift(label.pk, "email", [JO, email_index("never@mailbox.example")], by="a test") == 1
    assert not is_suppressed(label.pk, "email", JO)
    assert is_suppressed(label.pk, "email", AL)
    assert is_suppressed(label.pk, "sms", JO)


def test_nothing_to_do_is_no_statement(label, django_assert_num_queries):
    with django_assert_num_queries(2):  # the two ends of the transaction
        suppress(label.pk, "email", [], "complained")
