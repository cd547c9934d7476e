"""Amazon SES (API v2) through django-anymail, with webhooks of Amazon SNS that we prove.

anymail's own sending and its reading of events are used; its client is held to the guarded door
(`ses_client`), and its trust in whoever posts is not shared: every message of SNS has to be signed
(`sns`). Both of SES's formats are read, event publishing and the older notifications.

Sources: the backend and webhook view of django-anymail 15.2, the API reference of SES v2 and the
chapters on event publishing and notifications of its developer guide. No account was at hand:
what is sent was tried against moto and servers of our own.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.core.validators import RegexValidator

from gateway_project.lib.transport import TransportError
from gateway_project.lib.vocabulary import Status
from gateways.providers.anymail.family import AnymailProvider, made
from gateways.providers.anymail.service import Service
from gateways.providers.anymail.services import ALL, SENDER
from gateways.providers.anymail.settings_fields import api_url, name, secret
from gateways.providers.anymail.sns import SUBSCRIPTION, TOPIC, Sns, is_message
from gateways.providers.base import (
    GatewayMisconfigured,
    StatusUpdate,
    WebhookRefused,
    WebhookRequest,
    transport_error,
)
from gateways.providers.fields import PRINTABLE
from gateways.providers.values import items

REGION = RegexValidator(r"\A[a-z]{2}(-[a-z]+)+-[0-9]{1,2}\Z", "A region such as eu-central-1.")
TOPIC_ARN = RegexValidator(rf"\A{TOPIC.pattern}\Z", "An ARN such as arn:aws:sns:...:topic.")

SERVICE = Service(
    slug="amazon_ses",
    title="Amazon SES",
    module="amazon_ses",
    view="AmazonSESTrackingWebhookView",
    needs="An access key of AWS that may send through Amazon SES, and its region.",
    steps=(
        "In IAM, create a user of its own with an access key and a policy that allows "
        "ses:SendEmail, ses:SendRawEmail and ses:GetAccount. " + SENDER,
        "Ask AWS to take the account out of SES's sandbox: within it, only verified recipients get "
        "mails.",
        "Create a standard topic in SNS, and put its ARN into the field here before the next step.",
        "Subscribe our webhook URL to the topic: protocol HTTPS, raw message delivery off. The "
        "gateway confirms the subscription by itself.",
        "Create a configuration set whose event destination is that topic, for all events, and put "
        "its name into the field. An identity's older notifications may go to the topic as "
        "well: they tell no opens and clicks.",
    ),
    account={
        "access_key_id": forms.CharField(
            label="Access key ID", validators=[PRINTABLE], help_text="Begins with AKIA."
        ),
        "secret_access_key": secret("Secret access key"),
        "region": forms.CharField(
            label="Region", validators=[REGION], help_text="For example eu-central-1."
        ),
        "configuration_set": name(
            "Configuration set", "The one whose events go to our webhook.", required=False
        ),
        "api_url": api_url("https://email.<region>.amazonaws.com", adds="v2/email/outbound-emails"),
    },
    webhook={
        "topic_arn": forms.CharField(
            label="Topic ARN",
            required=False,
            validators=[TOPIC_ARN],
            help_text="Recommended: messages of any other topic are refused. Empty: any topic of "
            "SNS that knows the webhook URL.",
        ),
    },
    proof="RSA by Amazon SNS",
    reports=ALL - {Status.UNSUBSCRIBED},
    word="eventType|notificationType",
    # The mail is still on its way.
    silent=frozenset({"DeliveryDelay"}),
    hard=({"bounce.bounceType": ("Permanent",)},),
    # Not among its reports: it is told of the readers of contact lists alone, and no mail of ours
    # names one. Should it come nevertheless, it is somebody's wish.
    told={
        Status.UNSUBSCRIBED: (
            {
                "eventType": ("Subscription",),
                "subscription.newTopicPreferences.unsubscribeAll": (True,),
            },
        )
    },
    takes_message_id=True,
    is_always_signed=True,
    # Subscriptions are confirmed here, once they are proved.
    view_settings={"auto_confirm_sns_subscriptions": False},
)


class _OverSns(AnymailProvider):
    """Amazon SES, which is called by boto3 and tells its news through SNS."""

    sns: ClassVar[Sns] = Sns()

    def check_connection(self) -> str:
        """Asks for the account, which tells whether it may send."""
        backend = self._new_backend()
        try:
            backend.open()
            told = backend.account()
        except TransportError as error:
            problem = transport_error(error)
        else:
            return _found(told)
        finally:
            backend.close()
        raise problem

    def verify_webhook(self, request: WebhookRequest) -> None:
        """Proves the message of SNS, and confirms the subscription that it asks for."""
        told = _message_in(request)
        self.sns.verify(told, topic=self.config.get("topic_arn", ""))
        if told["Type"] == SUBSCRIPTION:
            self.sns.confirm(told)

    def _updates(self, request: WebhookRequest) -> list[StatusUpdate]:
        if any(is_message(told) for told in items(request)):
            return super()._updates(request)
        return [StatusUpdate(status=None)]

    def _new_backend(self) -> Any:
        # Slow to load, and needed by few.
        from gateways.providers.anymail.ses_client import GuardedBackend

        return GuardedBackend(self.config)


def _message_in(request: WebhookRequest) -> Mapping[str, Any]:
    """The one message in it, read as `parse_webhook` reads it."""
    try:
        (told,) = items(request)
    except ValueError:
        told = None
    if isinstance(told, dict) and request.body.lstrip()[:1] == b"{":
        return told
    raise WebhookRefused("this is no message of Amazon SNS")


def _found(told: Mapping[str, Any]) -> str:
    """What an account may do. Raises GatewayMisconfigured where it may not send."""
    if told.get("SendingEnabled") is False:
        raise GatewayMisconfigured("sending is switched off in this region of the account")
    if told.get("ProductionAccessEnabled") is False:
        return "Amazon SES took the key. The account is in the sandbox: verified recipients only."
    return "Amazon SES took the key. The account may send."


AmazonSes = made(SERVICE, _OverSns)
