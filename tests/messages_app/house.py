"""A small house for tests of the send APIs: a label with everything it takes to accept."""

from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from gateway_project.lib.vocabulary import Channel
from gateways.models import Brand, Gateway, Label
from messages_app.models import Message
from tests.factories import (
    CALLBACK_URL,
    SECRET,
    BrandFactory,
    EndUserFactory,
    GatewayFactory,
    KeyFactory,
    LabelFactory,
)
from users.models import EndUser

PATHS = {
    Channel.EMAIL: "email",
    Channel.SMS: "sms",
    Channel.VIBER: "viber",
    Channel.WHATSAPP: "whatsapp",
    Channel.RCS: "rcs",
    Channel.CUSTOM_IM: "custom-im",
}


@dataclass
class House:
    """The rows, and Smartico's side of the conversation."""

    label: Label
    brand: Brand
    user: EndUser
    gateways: dict[str, Gateway]
    client: Client = field(default_factory=Client)

    def body(self, channel: str = Channel.SMS, **changes: Any) -> dict[str, Any]:
        """A good request on this channel; a change to None takes the field out."""
        body = {"ext_user_id": self.user.ext_user_id, "callback_url": CALLBACK_URL}
        if channel == Channel.EMAIL:
            body |= {
                "from_email_address": "Amazing <noreply@amazing.co>",
                "subject": "The best offer",
                "body": "<p>Get the offer</p>",
                "text_body": "Get the offer",
                "email_uid": "uid-1",
            }
        else:
            body |= {"from_number": "Amazing", "body": "Best offer ever", "im_uid": "uid-1"}
        body |= changes
        return {name: value for name, value in body.items() if value is not None}

    def post(self, channel: str = Channel.SMS, body: Any = None, **extra: Any) -> dict[str, Any]:
        """The answer as JSON, whatever happens; asserts the protocol's outside."""
        path = extra.pop("path", f"/api/v1/{PATHS[Channel(channel)]}")
        data = self.body(channel) if body is None else body
        headers = {"Authorization": SECRET} | extra.pop("headers", {})
        kind = extra.pop("content_type", "application/json")
        response = self.client.post(path, data, content_type=kind, headers=headers, **extra)
        assert response.status_code == 200
        assert response["Content-Type"] == "application/json"
        assert not response.cookies
        return response.json()

    def accepted(self, channel: str = Channel.SMS, **changes: Any) -> Message:
        """The message that a good request with these changes becomes."""
        answer = self.post(channel, self.body(channel, **changes))
        assert answer["error_code"] == 0, answer
        return Message.objects.get(pk=answer["ext_message_id"])

    def refusal(self, channel: str = Channel.SMS, **changes: Any) -> int:
        """The error number that a request with these changes is answered with."""
        answer = self.post(channel, self.body(channel, **changes))
        assert "ext_message_id" not in answer, answer
        return answer["error_code"]


def build_house(**label: Any) -> House:
    """A label with one brand, one user in it, and a sandbox gateway for every channel."""
    row = LabelFactory(**label)
    brand = BrandFactory(label=row)
    KeyFactory(label=row)
    return House(
        label=row,
        brand=brand,
        user=EndUserFactory(label=row, brand=brand),
        gateways={channel: GatewayFactory(label=row, channel=channel) for channel in Channel},
    )
