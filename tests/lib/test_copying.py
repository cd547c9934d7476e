"""Many rows at once: the same rows, by whichever way they are written."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from gateway_project.lib import copying
from tests.factories import LabelFactory
from users.models import EndUser

ODD = "tab\tline\nback\\slash \\N 'quote' \"double\" ünï 🙂"
BOTH_WAYS = pytest.mark.parametrize("fewest", [1, 1_000])


@pytest.fixture
def ways(monkeypatch, fewest):
    """By COPY, and by what is for a few: on SQLite both are the latter."""
    monkeypatch.setattr(copying, "FEWEST", fewest)


def users(label, number=3):
    return [
        EndUser(
            label=label,
            ext_user_id=f"{ODD} {n}",
            email=f"jo.{n}@mailbox.example",
            properties={"note": ODD, "none": None, "list": [1, 1.0, True]},
        )
        for n in range(number)
    ]


@pytest.mark.django_db
@BOTH_WAYS
def test_rows_are_stored_as_they_are(ways):
    made = users(LabelFactory())
    copying.insert(EndUser, made)
    for user in made:
        stored = EndUser.objects.get(pk=user.pk)
        assert (stored.ext_user_id, stored.properties) == (user.ext_user_id, user.properties)
        assert (stored.email.reveal(), stored.phone) == (user.email.reveal(), None)
        assert (stored.email_index, stored.phone_index) == (user.email_index, None)
        assert stored.email_index
        assert stored.created_at <= timezone.now()


@pytest.mark.django_db
@BOTH_WAYS
def test_only_what_is_named_is_written(ways):
    label = LabelFactory()
    copying.insert(EndUser, users(label))
    before = {user.pk: user for user in EndUser.objects.all()}
    told = list(EndUser.objects.all())[:2]
    for user in told:
        user.properties, user.phone, user.ext_user_id = {"new": ODD}, "+4915112345678", "unsaid"
    copying.update(EndUser, told, ["sealed_properties", "phone", "phone_index", "updated_at"])
    after = {user.pk: user for user in EndUser.objects.all()}
    for user in told:
        now, then = after[user.pk], before[user.pk]
        assert (now.properties, now.phone.reveal()) == ({"new": ODD}, "+4915112345678")
        assert now.phone_index
        assert now.updated_at > then.updated_at
        assert (now.ext_user_id, now.created_at) == (then.ext_user_id, then.created_at)
        assert now.email.reveal() == then.email.reveal()
    [other] = before.keys() - {user.pk for user in told}
    assert after[other].updated_at == before[other].updated_at


@pytest.mark.django_db
@BOTH_WAYS
def test_several_updates_fit_into_one_transaction(ways):
    copying.insert(EndUser, users(LabelFactory()))
    for turn in range(2):
        told = list(EndUser.objects.all())
        for user in told:
            user.properties = {"turn": turn}
        copying.update(EndUser, told, ["sealed_properties"])
    assert [user.properties for user in EndUser.objects.all()] == [{"turn": 1}] * 3


@pytest.mark.django_db
@BOTH_WAYS
def test_a_second_row_of_one_key_is_an_integrity_error(ways):
    label = LabelFactory()
    copying.insert(EndUser, users(label))
    with pytest.raises(IntegrityError), transaction.atomic():
        copying.insert(EndUser, users(label))
    assert EndUser.objects.count() == 3
