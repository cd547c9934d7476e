from gateway_project.lib.fields import Ciphertext
from gateway_project.lib.protocol import ErrorCode
from gateway_project.lib.vocabulary import Channel
from gateways import configuration
from messages_app.hurdles import hurdles
from tests.messages_app.house import House
from users.models import EndUser
from users.suppressions import suppress


def codes(house: House, channel: Channel = Channel.SMS) -> list[ErrorCode]:
    label = configuration.current().labels[house.label.pk]
    user = EndUser.objects.get(pk=house.user.pk)
    return [refusal.code for refusal in hurdles(label, channel, user, user.brand_id)]


def test_nothing_stops_a_message_to_a_user_with_an_address(house):
    assert [codes(house, channel) for channel in Channel] == [[]] * len(Channel)


def test_all_that_stops_a_message_is_named_the_first_check_first(house):
    suppress(house.label.pk, "sms", [house.user.phone_index], "unsubscribed")
    house.brand.is_paused = True
    house.brand.save()
    assert codes(house) == [ErrorCode.PAUSED, ErrorCode.SUPPRESSED]
    assert house.refusal() == ErrorCode.PAUSED


def test_custom_im_needs_no_address(house):
    EndUser.objects.update(email=None, phone=None, email_index=None, phone_index=None)
    assert codes(house, Channel.CUSTOM_IM) == []
    assert codes(house, Channel.VIBER) == codes(house, Channel.EMAIL) == [ErrorCode.NO_ADDRESS]


def test_an_address_that_does_not_open_stops_its_channel(house):
    EndUser.objects.update(phone=Ciphertext("t1$damaged"))
    assert codes(house) == [ErrorCode.UNAVAILABLE]
    assert codes(house, Channel.EMAIL) == []


def test_properties_that_do_not_open_stop_every_channel(house):
    EndUser.objects.update(sealed_properties=Ciphertext("t1$damaged"))
    assert {code for channel in Channel for code in codes(house, channel)} == {
        ErrorCode.UNAVAILABLE
    }
    assert house.refusal() == ErrorCode.UNAVAILABLE


def test_a_preview_is_stopped_by_a_pause_alone(house):
    house.label.is_paused = True
    house.label.save()
    label = configuration.current().labels[house.label.pk]
    found = hurdles(label, Channel.EMAIL, None, None)
    assert [refusal.code for refusal in found] == [ErrorCode.PAUSED]
