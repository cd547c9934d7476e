"""What an account tells depends on what is switched on in it."""

import pytest

from gateway_project.lib.vocabulary import Channel, Status
from tests.gateways.providers.examples import account

FLAGS = {"status_path": "state", "statuses": {"OK": "delivered", "GONE": "permanent"}}


@pytest.mark.parametrize(
    ("slug", "channel", "changes", "without", "with_it"),
    [
        ("amazon_ses", "email", {"list_unsubscribe": True}, [], ["unsubscribed"]),
        ("scaleway", "email", {"list_unsubscribe": True}, [], ["unsubscribed"]),
        ("brevo", "email", {"list_unsubscribe": True}, ["unsubscribed"], ["unsubscribed"]),
        ("infobip", "sms", {"track_clicks": True}, [], ["clicked"]),
        ("webex_connect", "email", {"track_opens": True}, [], ["opened"]),
        ("webex_connect", "email", {"track_clicks": True}, [], ["clicked"]),
        ("webex_connect", "sms", {"track_clicks": True}, [], []),
        (
            *("webex_connect", "sms"),
            {"track_clicks": True, "shorten_links": True, "domain": "https://me.example"},
            *([], ["clicked"]),
        ),
        ("webex_connect", "rcs", {}, ["clicked", "opened"], ["clicked", "opened"]),
        (
            *("webex_connect", "custom_im", {"custom_im_as": "email"}),
            *(["clicked", "opened"], ["complained", "unsubscribed"]),
        ),
        ("esputnik", "sms", {"mode": "event", "event_type_key": "k"}, ["delivered"], []),
        (
            *("esputnik", "custom_im", {"mode": "prepared", "prepared_id": "1"}),
            *([], ["delivered", "opened"]),
        ),
        ("http_api", "sms", {"status_path": None}, ["delivered", "failed"], []),
        ("http_api", "sms", FLAGS, ["delivered", "opened"], ["delivered", "failed"]),
    ],
)
def test_what_is_switched_on_decides_what_is_told(slug, channel, changes, without, with_it):
    named = {Status(word) for word in (*without, *with_it)}
    before, after = account(slug), account(slug, **changes)

    assert {*map(Status, without)} <= before.reported(Channel(channel))
    assert named & after.reported(Channel(channel)) == {*map(Status, with_it)}
