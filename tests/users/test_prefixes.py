"""The prefix between Smartico's ids and the platform's: found, and not made up."""

import pytest
from django.utils import timezone

from gateways import configuration
from tests.factories import EndUserFactory, LabelFactory
from users.models import MissingUser
from users.prefixes import FEWEST, LEAVE, STORE_WITHOUT, TAKE_AWAY, clue, shared_prefixes

pytestmark = pytest.mark.django_db


def found(label):
    configuration.forget_now()
    return clue(configuration.current().labels[label.pk])


def label_with(*, missing, stored, **settings):
    label, now = LabelFactory(**settings), timezone.now()
    for name in missing:
        MissingUser.objects.create(
            label=label, ext_user_id=name, times=1, first_asked_at=now, last_asked_at=now
        )
    for name in stored:
        EndUserFactory(label=label, ext_user_id=name)
    return label


@pytest.mark.parametrize(
    ("prefix", "stored"),
    [
        ("smt_", "{}"),
        ("amazing:", "anna-{}"),
        ("u", "10{}"),
        ("4-", "{}77"),
        ("smt_eu_", "{}"),
        ("пф:", "{}"),
    ],
)
def test_a_prefix_that_smartico_adds_is_found(prefix, stored):
    known = [stored.format(number) for number in range(20, 30)]
    label = label_with(missing=[prefix + name for name in known], stored=known)
    assert (found(label).prefix, found(label).to_do) == (prefix, TAKE_AWAY)
    assert found(label).text == f'10 of the latest 10 are known without "{prefix}"'


def test_most_is_enough_and_half_is_not():
    known = ["1", "2", "3"]
    label = label_with(missing=["x:1", "x:2", "x:3", "y", "z"], stored=known)
    assert (found(label).known, found(label).looked_at) == (3, 5)
    now = timezone.now()
    MissingUser.objects.create(
        label=label, ext_user_id="w", times=1, first_asked_at=now, last_asked_at=now
    )
    assert found(label) is None


def test_a_few_missing_users_prove_nothing():
    known = [str(number) for number in range(FEWEST - 1)]
    assert found(label_with(missing=[f"x:{name}" for name in known], stored=known)) is None


def test_new_numbers_are_not_taken_for_old_ones_with_a_digit_in_front():
    known = [str(number) for number in range(50_001, 50_021)]
    assert found(label_with(missing=[f"2{name}" for name in known], stored=known)) is None


def test_users_that_are_simply_missing_give_no_clue():
    label = label_with(
        missing=[f"p-{n}" for n in range(9)], stored=[f"p-{n}" for n in range(9, 20)]
    )
    assert found(label) is None


def test_a_label_that_strips_what_is_the_platforms_own_is_found():
    known = [f"smt_{number}" for number in range(6)]
    label = label_with(
        missing=[name.removeprefix("smt_") for name in known],
        stored=known,
        user_ids={"strip_prefix": "smt_"},
    )
    assert (found(label).prefix, found(label).to_do) == ("smt_", LEAVE)
    assert found(label).text == '6 of the latest 6 are known with "smt_"'


def test_users_stored_with_a_prefix_that_smartico_leaves_out_are_found():
    known = [f"smt_{number}" for number in range(6)]
    label = label_with(missing=[name.removeprefix("smt_") for name in known], stored=known)
    assert (found(label).prefix, found(label).to_do) == ("smt_", STORE_WITHOUT)


def test_another_labels_users_are_no_clue():
    known = [str(number) for number in range(6)]
    label_with(missing=[], stored=known)
    assert found(label_with(missing=[f"x:{name}" for name in known], stored=[])) is None


def test_where_a_directory_is_asked_there_is_nothing_to_compare_with():
    known = [str(number) for number in range(6)]
    directory = {"kind": "http", "url": "https://users.example/{ext_user_id}", "method": "GET"}
    label = label_with(missing=[f"x:{name}" for name in known], stored=known, directory=directory)
    assert found(label) is None


@pytest.mark.parametrize(
    ("ids", "shared"),
    [
        (["ab-1", "ab-2", "cd-3"], ["ab", "ab-"]),
        (["ab", "ac", "ad"], []),
        (["12", "13"], []),
        (["a1", "a2", ""], ["a"]),
        (["a--1"] * 2, ["a", "a--"]),
        ([], []),
    ],
)
def test_prefixes_end_where_another_kind_of_character_begins(ids, shared):
    assert shared_prefixes(ids) == shared
