import pytest

from gateways import configuration
from tests.factories import EndUserFactory, LabelFactory
from users.directory import find

pytestmark = pytest.mark.django_db


def values(label):
    return configuration.current().labels[label.pk]


def test_a_user_is_found_by_one_select(django_assert_num_queries):
    user = EndUserFactory(ext_user_id="4711")
    label = values(user.label)
    with django_assert_num_queries(1):
        found = find(label, "4711")
        assert found == user
        assert found.address("email").reveal()


@pytest.mark.parametrize(
    "other", ["4711 ", " 4711", "04711", "A", "a ", "4711\n", "", "../a", "ａ", "a\u202e"]
)
def test_another_spelling_is_another_user(other):
    user = EndUserFactory(ext_user_id="4711")
    EndUserFactory(ext_user_id="a", label=user.label)
    assert find(values(user.label), other) is None


@pytest.mark.parametrize("odd", ["😀", "a b", "'; --", "%", "_", "x" * 255, "\u202ea"])
def test_any_id_is_matched_exactly(odd):
    user = EndUserFactory(ext_user_id=odd)
    EndUserFactory(ext_user_id="plain", label=user.label)
    assert find(values(user.label), odd) == user


def test_a_user_of_another_label_is_not_found():
    EndUserFactory(ext_user_id="4711")
    assert find(values(LabelFactory()), "4711") is None


@pytest.mark.parametrize(
    ("asked", "stored"),
    [("sm_4711", "4711"), ("4711", "4711"), ("sm_sm_1", "sm_1"), ("sm_", "sm_"), ("SM_1", "SM_1")],
)
def test_a_prefix_is_stripped_where_the_label_says_so(asked, stored):
    label = LabelFactory(user_ids={"strip_prefix": "sm_"})
    user = EndUserFactory(label=label, ext_user_id=stored)
    assert find(values(label), asked) == user


def test_without_that_setting_a_prefix_belongs_to_the_id():
    user = EndUserFactory(ext_user_id="4711")
    assert find(values(user.label), "sm_4711") is None
