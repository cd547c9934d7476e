"""What an account at Webex Connect is configured with."""

import base64
import binascii
from collections.abc import Iterable, Mapping

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from gateway_project.lib.mailbox import parse_mailbox
from gateway_project.lib.vocabulary import Channel
from gateways.providers.base import ConfigForm, Group, SecretField
from gateways.providers.base_urls import BaseUrlField
from gateways.providers.fields import PRINTABLE, CertificateField, SwitchField
from gateways.providers.groups import CERTIFICATE
from gateways.providers.placeholders import problem_in
from gateways.providers.tables import JsonTemplateField
from gateways.providers.webex_bodies import (
    attachments_problem,
    smart_links_problem,
    substitutions_problem,
)
from gateways.providers.webex_rcs import problem_in_template

DESTINATIONS_PER_CALL = 1000
MAILS = (Channel.EMAIL, Channel.CUSTOM_IM)
"""The channels whose messages are mails, or may be."""
CREDENTIALS = ("service_key", "service_id", "service_secret")
HTTPS = RegexValidator(r"\Ahttps://[A-Za-z0-9.-]+(/[!-~]*)?\Z", "A URL with https:// is expected.")


def _template(value: str) -> None:
    if problem := problem_in(value):
        raise ValidationError(problem)


def _mailbox(value: str) -> None:
    try:
        parse_mailbox(value)
    except ValueError:
        raise ValidationError("One mailbox is expected: Amazing <noreply@example.com>") from None


class WebexConnectConfig(ConfigForm):
    """Authentication & Configuration."""

    base_url = BaseUrlField(
        adds=("v2/messages",),
        label="Base URL",
        help_text="For example https://api.us.webexconnect.io, without /v2.",
    )
    service_key = SecretField(
        required=False, validators=[PRINTABLE], help_text="Of the service that sends."
    )
    service_id = forms.CharField(
        required=False, label="Service ID", help_text="Where the service takes JSON Web Tokens."
    )
    service_secret = SecretField(required=False, help_text="Base64, as Webex Connect shows it.")
    webhook_secret = SecretField(
        required=False,
        help_text="Where webhooks are signed (x-hub-signature). Receipts to the notifyUrl of a "
        "message are let in by our mark in it, too. Empty: the token in the webhook URL is the "
        "credential.",
    )
    template_id = forms.CharField(
        required=False,
        max_length=200,
        label="Template ID",
        help_text="A template of Webex Connect to send instead of the message's own content.",
    )
    substitutions = JsonTemplateField(
        required=False,
        help_text='The variables of that template: {"name": "{{ extension.title }}", '
        '"country": "{{ properties.country }}", "text": "{{ message.text }}"}.',
    )
    priority = forms.ChoiceField(
        required=False,
        choices=[("", "As Webex Connect does by default"), ("1", "1, lowest"), ("2", "2")]
        + [("3", "3, highest")],
        help_text="Of this gateway's messages among all that the tenant sends.",
    )
    expiry = forms.ChoiceField(
        required=False,
        label="A message's end is told as",
        choices=[("", "Its validity in seconds"), ("expireAt", "A date and time (expireAt)")],
        help_text="With Send at, it is always a date and time.",
    )
    send_at = forms.CharField(
        required=False,
        max_length=200,
        validators=[_template],
        label="Send at",
        help_text="A placeholder for the time to deliver at, up to 7 days ahead, such as "
        "{{ extension.send_at }}: ISO 8601 with its zone, or Unix seconds. Empty: at once.",
    )
    batch = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=DESTINATIONS_PER_CALL,
        label="Destinations per call",
        help_text="Up to 1,000 of equal content in one call, and never more than the gateway's "
        "rate. Empty: one. How Webex Connect answers for several is not documented: test first.",
    )
    track_clicks = SwitchField(
        help_text="Reports who opened a link: in mails, and in SMS of links that are shortened."
    )
    track_opens = SwitchField(help_text="Reports who opened a mail with HTML.")
    shorten_links = SwitchField(
        help_text="In SMS: they become short ones, which live 180 days. Needs the domain below."
    )
    domain = forms.CharField(
        required=False,
        max_length=200,
        validators=[HTTPS],
        help_text="Of short links, as Webex Connect's support has set it up: "
        "https://me.example.com. Webex Connect asks for it with every option of an SMS.",
    )
    smart_links = JsonTemplateField(
        required=False,
        label="Smart links",
        help_text='Links kept by Webex Connect, by id: [{"smartlinkId": 5, "validity": 30}].',
    )
    dlt_template_id = forms.CharField(
        required=False,
        max_length=100,
        validators=[PRINTABLE],
        label="DLT template ID",
        help_text="Of SMS to India (extras.dlt_templateid). Needs the domain below.",
    )
    attachments = JsonTemplateField(
        required=False,
        help_text='Of mails, fetched by Webex Connect: [{"mimeType": "image/png", "name": "offer", '
        '"mediaUrl": "https://cdn.example.com/{{ properties.offer }}.png"}]. Only Custom IM that '
        'leaves as mail has extension fields: "mediaUrl": "{{ extension.picture }}".',
    )
    custom_im_as = forms.ChoiceField(
        required=False,
        label="Custom IM leaves as",
        choices=[("", "An RCS message"), (Channel.EMAIL.value, "A mail")],
        help_text="A mail goes to the user's e-mail address: as plain text, unless a template of "
        "Webex Connect is sent.",
    )
    mail_from = forms.CharField(
        required=False,
        max_length=320,
        validators=[_mailbox],
        label="From of the mail",
        help_text="A mailbox of the e-mail app's domain: Amazing <noreply@example.com>",
    )
    mail_subject = forms.CharField(
        required=False,
        max_length=200,
        validators=[_template],
        label="Subject of the mail",
        help_text="Made of the extension fields: News: {{ extension.title }}",
    )
    rcs_app_id = forms.CharField(
        required=False,
        max_length=100,
        validators=[PRINTABLE],
        label="RCS app ID",
        help_text="The agent that Custom IM leaves from as RCS. On the RCS channel it is the From.",
    )
    rcs_content = JsonTemplateField(
        required=False,
        label="RCS content",
        help_text='A rich message made of the extension fields: {"type": "standalone", "richCard": '
        '{"title": "{{ extension.title }}", "media": {"height": "TALL", "url": '
        '"{{ extension.picture }}"}}}. Types: text, media, standalone, carousel, agentEvent. '
        "Empty: the text.",
    )
    sms_fallback = SwitchField(
        label="SMS fallback",
        help_text="Webex Connect sends an SMS to who has no RCS.",
    )
    sms_sender_id = forms.CharField(
        required=False,
        max_length=100,
        validators=[PRINTABLE],
        label="SMS sender ID",
        help_text="One that is set up in the account.",
    )
    fallback_text = forms.CharField(
        required=False,
        max_length=1024,
        validators=[_template],
        help_text="Of that SMS, placeholders allowed. Empty: the message's text.",
    )
    authority = CertificateField()
    carrier_id = forms.CharField(
        required=False,
        max_length=20,
        validators=[PRINTABLE],
        label="Carrier ID",
        help_text="Only where all numbers of this gateway are of one carrier: it hastens RCS.",
    )

    groups = (
        Group(
            title="Account",
            lines=("base_url", "service_key", ("service_id", "service_secret")),
            note="Either a service key, or a service ID with its secret.",
        ),
        Group(
            title="Custom IM",
            lines=("custom_im_as", ("mail_from", "mail_subject")),
            channels=(Channel.CUSTOM_IM,),
        ),
        Group(
            title="RCS",
            lines=("rcs_app_id", "rcs_content", "carrier_id"),
            channels=(Channel.RCS, Channel.CUSTOM_IM),
        ),
        Group(
            title="SMS fallback",
            lines=("sms_fallback", ("sms_sender_id", "fallback_text")),
            is_rare=True,
            channels=(Channel.RCS, Channel.CUSTOM_IM),
        ),
        Group(title="Clicks", lines=("track_clicks",), channels=(Channel.SMS, *MAILS)),
        Group(title="Opens", lines=("track_opens",), channels=MAILS),
        Group(title="Attachments", lines=("attachments",), is_rare=True, channels=MAILS),
        Group(
            title="Options of SMS",
            lines=("shorten_links", "dlt_template_id", "domain", "smart_links"),
            is_rare=True,
            channels=(Channel.SMS,),
        ),
        Group(
            title="Template of Webex Connect",
            lines=("template_id", "substitutions"),
            note="Sent instead of the message's own content.",
            is_rare=True,
        ),
        Group(
            title="Sending",
            lines=(("priority", "batch"), "send_at", "expiry"),
            is_rare=True,
        ),
        Group(title="Webhooks", lines=("webhook_secret",), is_rare=True),
        CERTIFICATE,
    )

    def clean_service_secret(self) -> str:
        secret: str = self.cleaned_data["service_secret"]
        try:
            base64.b64decode(secret, validate=True)
        except (binascii.Error, ValueError):
            raise ValidationError("This is not Base64.") from None
        return secret

    def clean(self) -> None:
        if self.errors:
            return
        given = [name for name in CREDENTIALS if self.cleaned_data[name]]
        if given not in (["service_key"], ["service_id", "service_secret"]):
            raise ValidationError(
                "Either service_key or both service_id and service_secret are needed."
            )
        for name, problem in list(self._problems()):
            self.add_error(name, problem)

    def _problems(self) -> Iterable[tuple[str, str]]:
        given = self.cleaned_data
        if given["substitutions"] and not given["template_id"]:
            yield "substitutions", "These are a template's: fill in its ID."
        for name, (asking, why) in NEEDED_BY.items():
            if not given[name] and any(given[each] for each in asking):
                yield name, why
        for name, check in CHECKS.items():
            if given[name] and (problem := check(given[name])):
                yield name, problem


NEEDED_BY: Mapping[str, tuple[tuple[str, ...], str]] = {
    "domain": (
        ("shorten_links", "dlt_template_id"),
        "This is needed where links are shortened or a DLT template is named.",
    ),
    "sms_sender_id": (("sms_fallback",), "This is needed for the fallback."),
    **dict.fromkeys(
        ("mail_from", "mail_subject"),
        (("custom_im_as",), "This is needed where Custom IM leaves as mail."),
    ),
}
"""The settings that others ask for: by which ones, and what is said where they are missing."""
CHECKS = {
    "substitutions": substitutions_problem,
    "smart_links": smart_links_problem,
    "attachments": attachments_problem,
    "rcs_content": problem_in_template,
}
