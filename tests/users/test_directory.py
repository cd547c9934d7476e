import pytest

from gateway_project.lib.vocabulary import Channel
from gateways import configuration
from tests.factories import EndUserFactory, LabelFactory
from users.directory import Found, _find_all, _Sought, find, find_to_send, found_one_by_one
from users.suppressions import suppress

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


class TestFindingToSend:
    def test_one_select_tells_the_user_and_whether_their_address_is_closed(
        self, django_assert_max_num_queries
    ):
        user = EndUserFactory(ext_user_id="4711")
        label = values(user.label)
        suppress(label.id, "email", [user.email_index], "complained")
        with django_assert_max_num_queries(2):  # on SQLite each by itself
            assert find_to_send(label, "4711", Channel.EMAIL) == Found(user, True)
        assert find_to_send(label, "4711", Channel.SMS) == Found(user, False)
        assert find_to_send(label, "4712", Channel.SMS) is None

    def test_many_at_once_are_found_as_each_by_itself(self):
        users = [EndUserFactory(ext_user_id=f"{n}") for n in range(4)]
        users.append(EndUserFactory(ext_user_id="1", email=None, phone=None, properties={}))
        for user, channel in zip(users, ("email", "sms", "viber", "email"), strict=False):
            suppress(user.label_id, channel, [user.address_index(channel)], "complained")
        sought = [
            _Sought(user.label_id, ext_user_id, str(channel))
            for user in users
            for channel in Channel
            for ext_user_id in (user.ext_user_id, "nobody")
        ]
        each = [found_one_by_one([one]).get(one) for one in sought]
        assert _find_all(sought) == each
        assert sum(found is not None and found.is_closed for found in each) == 4
        assert [found and found.user.__dict__.keys() for found in _find_all(sought)] == [
            found and found.user.__dict__.keys() for found in each
        ]

    def test_what_was_found_opens(self):
        user = EndUserFactory(email="jo@example.com", properties={"country": "DE"})
        found = find_to_send(values(user.label), user.ext_user_id, Channel.EMAIL)
        assert found.user.email.reveal() == "jo@example.com"
        assert found.user.properties == {"country": "DE"}
