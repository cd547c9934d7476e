import pytest

from gateway_project.lib.vocabulary import Channel
from gateways.impact import Passenger
from gateways.routing import texts_of
from messages_app import passengers
from messages_app.models import Message
from messages_app.passengers import last_passengers
from tests.factories import EndUserFactory, MessageFactory


def last(house, *names):
    return dict(last_passengers(house.label.pk, Channel.SMS, names))


def sent(house, **changes):
    given = {"label": house.label, "gateway": house.gateways[Channel.SMS], "brand": house.brand}
    return MessageFactory(**{"end_user": house.user, **given, **changes})


def test_messages_that_go_alike_are_counted_together(house):
    other = EndUserFactory(label=house.label, properties={"country": "DE", "market": "north"})
    sent(house)
    sent(house, end_user=other)
    sent(house, brand=None)
    german = (("country", ("DE",)),)
    assert last(house, "country") == {
        Passenger(house.brand.pk, german): 2,
        Passenger(None, german): 1,
    }


def test_a_preview_has_no_properties_and_an_erased_user_is_passed_over(house):
    sent(house, end_user=None, activity_type="preview")
    sent(house, end_user=None)
    assert last(house, "country") == {Passenger(house.brand.pk, None): 1}


@pytest.mark.parametrize("value", [True, 5, 1.5, ["AT", "DE"], None, {"a": "b"}, "  "])
def test_values_are_those_that_routing_reads(house, value):
    house.user.properties = {"country": value}
    house.user.save()
    sent(house)
    ((passenger, _),) = last(house, "country").items()
    assert passenger.properties == (("country", texts_of(value)),)


def test_other_channels_and_labels_are_not_looked_at(house):
    sent(house, channel=Channel.VIBER)
    MessageFactory()
    assert last(house) == {}


def test_only_the_last_messages_are_looked_at(house, monkeypatch):
    monkeypatch.setattr(passengers, "MOST", 2)
    for country in ("AT", "DE", "CH"):
        sent(house, end_user=EndUserFactory(label=house.label, properties={"country": country}))
    seen = {passenger.properties[0][1][0] for passenger in last(house, "country")}
    assert seen == {"DE", "CH"}
    assert Message.objects.count() == 3
