"""The services that django-anymail 15 speaks HTTP with, each a row.

Source: the backends and webhook views of django-anymail 15.2 and its documentation. The paths of
the connection checks, the words that Mandrill and Postal refuse with and what counts as the fault
of an address are general knowledge of these services, tried against no account: an answer that
does not fit them is never taken for a success.
"""

from gateway_project.lib.vocabulary import Status
from gateways.providers.anymail.service import Check, Service
from gateways.providers.anymail.settings_fields import (
    api_url,
    basic_auth,
    name,
    own_api_url,
    public_key,
    secret,
    signing_key,
)
from gateways.providers.base import GatewayMisconfigured, MessageRejected

ALL = frozenset(Status)
SENDER = "Verify your From domain there (SPF, DKIM) before you send, or mails are refused."
HOOK = "Copy our webhook URL into its webhooks, and choose the events for deliveries, bounces, "
HOOK += "complaints, opens, clicks and unsubscriptions, as far as there are."
BASIC = "To have webhooks prove themselves, write user and password into the URL that you enter "
BASIC += "there (https://user:password@host/...), and into the fields here."

SERVICES: tuple[Service, ...] = (
    Service(
        slug="brevo",
        title="Brevo",
        module="brevo",
        view="BrevoTrackingWebhookView",
        needs="An API key (v3) of Brevo.",
        steps=("In Brevo, under SMTP & API, create an API key. " + SENDER, HOOK, BASIC),
        account={
            "api_key": secret("API key"),
            "api_url": api_url("https://api.brevo.com/v3/", adds="smtp/email"),
        },
        webhook=basic_auth(),
        reports=ALL,
        hard=({"event": ("hard_bounce", "invalid_email")},),
        scanned=({"event": ("unique_proxy_open", "proxy_open")},),
        check=Check(path="account"),
    ),
    Service(
        slug="mailersend",
        title="MailerSend",
        module="mailersend",
        view="MailerSendTrackingWebhookView",
        needs="An API token of MailerSend.",
        steps=("In MailerSend, create an API token for your domain. " + SENDER, HOOK),
        account={
            "api_token": secret("API token"),
            "api_url": api_url("https://api.mailersend.com/v1/", adds="email"),
        },
        webhook={"webhook_key": signing_key("Signing secret", "Shown beside the webhook.")},
        view_names={"webhook_key": "signing_secret"},
        proof="HMAC-SHA256, where set up",
        reports=ALL - {Status.REJECTED},
        word="data.type",
        hard=({"data.type": ("hard_bounced",)},),
        takes_metadata=False,
        takes_headers=False,
        check=Check(path="domains"),
    ),
    Service(
        slug="mailgun",
        title="Mailgun",
        module="mailgun",
        view="MailgunTrackingWebhookView",
        needs="An API key of Mailgun and the domain that you send from.",
        steps=(
            "In Mailgun, create a sending key for your domain. " + SENDER,
            "An account in the EU needs the API URL https://api.eu.mailgun.net/v3/.",
            HOOK,
            "Put the HTTP webhook signing key of the account into its field.",
        ),
        account={
            "api_key": secret("API key"),
            "sender_domain": name("Domain", "Empty: that of the From address.", required=False),
            "api_url": api_url("https://api.mailgun.net/v3/", adds=r"[\w-]+(\.[\w-]+)+/messages"),
        },
        webhook={"webhook_key": signing_key("Webhook signing key", "Of the Mailgun account.")},
        view_names={"webhook_key": "webhook_signing_key"},
        proof="HMAC-SHA256 without the content, for a day, where set up",
        signed_at="signature.timestamp|timestamp",
        reports=ALL,
        word="event-data.event",
        hard=(
            {
                "event-data.severity": ("permanent",),
                "event-data.reason": ("bounce", "suppress-bounce"),
            },
        ),
        check=Check(path="domains/{sender_domain}"),
    ),
    Service(
        slug="mailjet",
        title="Mailjet",
        module="mailjet",
        view="MailjetTrackingWebhookView",
        is_listed=True,
        needs="The API key and the secret key of a Mailjet account.",
        steps=("In Mailjet, copy API key and secret key. " + SENDER, HOOK, BASIC),
        account={
            "api_key": secret("API key"),
            "secret_key": secret("Secret key"),
            "api_url": api_url("https://api.mailjet.com/v3.1/", adds="send"),
        },
        webhook=basic_auth(),
        reports=ALL,
        hard=({"event": ("bounce",), "hard_bounce": (True,)},),
        learnt=frozenset({"unsubscribed", "spam"}),
        check=Check(path="../v3/REST/apikey"),
    ),
    Service(
        slug="mailtrap",
        title="Mailtrap",
        module="mailtrap",
        view="MailtrapTrackingWebhookView",
        needs="An API token of Mailtrap, for sending or for a sandbox.",
        steps=("In Mailtrap, create an API token for your domain. " + SENDER, HOOK),
        account={
            "api_token": secret("API token"),
            "sandbox_id": name("Sandbox ID", "Empty: mails are really sent.", required=False),
            "api_url": api_url(
                "https://send.api.mailtrap.io/api/, or that of the sandbox", adds="send"
            ),
        },
        webhook={"webhook_key": signing_key("Signature secret", "Shown beside the webhook.")},
        view_names={"webhook_key": "tracking_secret"},
        has_optional_key=True,
        proof="HMAC-SHA256, where set up",
        reports=ALL,
        hard=({"event": ("bounce",)},),
        check=Check(path="send", method="POST", body="{{}}", is_empty_message=True),
    ),
    Service(
        slug="mandrill",
        title="Mandrill",
        module="mandrill",
        view="MandrillCombinedWebhookView",
        needs="An API key of Mailchimp Transactional (Mandrill).",
        steps=(
            "In Mandrill, create an API key. " + SENDER,
            HOOK,
            "Put the key that Mandrill shows beside the webhook into its field: it signs our URL "
            "and what is posted.",
        ),
        account={
            "api_key": secret("API key"),
            "api_url": api_url("https://mandrillapp.com/api/1.0/", adds="messages/send.json"),
        },
        webhook={"webhook_key": signing_key("Webhook key", "Shown beside the webhook.")},
        view_names={"webhook_key": "webhook_key"},
        has_optional_key=True,
        signs_url=True,
        proof="HMAC-SHA1 over URL and form, where set up",
        reports=ALL,
        word="event|type",
        told={Status.DELIVERED: ({"event": ("delivered",)},)},
        silent=frozenset({"whitelist", "blacklist"}),
        hard=({"event": ("hard_bounce",)},),
        check=Check(path="users/ping2.json", method="POST", body='{{"key": "{api_key}"}}'),
        refusals={
            "Invalid_Key": GatewayMisconfigured,
            "PaymentRequired": GatewayMisconfigured,
            "Unknown_Subaccount": GatewayMisconfigured,
            "ValidationError": MessageRejected,
        },
    ),
    Service(
        slug="postal",
        title="Postal",
        module="postal",
        view="PostalTrackingWebhookView",
        needs="The URL of your Postal server and an API credential of it.",
        steps=(
            "In Postal, create a credential of type API in the mail server. " + SENDER,
            "Add a webhook with our webhook URL, for all events.",
            "Put the server's signing public key (`postal default-dkim-record`, the part after "
            "p=) into its field.",
        ),
        account={
            "api_key": secret("API key"),
            "api_url": own_api_url("https://postal.example.com", adds="api/v1/send/message"),
        },
        webhook={"webhook_key": public_key("Base64, as the DKIM record shows it after p=.")},
        view_names={"webhook_key": "webhook_key"},
        proof="RSA, where set up",
        reports=ALL - {Status.COMPLAINED, Status.UNSUBSCRIBED},
        word="payload.status|event",
        told={Status.OPENED: ({"event": ("MessageLoaded",)},)},
        # About the server, and not about a message.
        silent=frozenset({"DomainDNSError", "SendLimitApproaching", "SendLimitExceeded"}),
        takes_metadata=False,
        check=Check(path="api/v1/send/message", method="POST", body="{{}}", is_empty_message=True),
        refusals={
            "InvalidServerAPIKey": GatewayMisconfigured,
            "AccessDenied": GatewayMisconfigured,
            "ServerSuspended": GatewayMisconfigured,
            "UnauthenticatedFromAddress": GatewayMisconfigured,
            "ValidationError": MessageRejected,
            "NoContent": MessageRejected,
            "NoRecipients": MessageRejected,
            "parameter-error": MessageRejected,
        },
    ),
    Service(
        slug="postmark",
        title="Postmark",
        module="postmark",
        view="PostmarkTrackingWebhookView",
        needs="A server token of Postmark.",
        steps=("In Postmark, open your server and copy its API token. " + SENDER, HOOK, BASIC),
        account={
            "server_token": secret("Server token"),
            "message_stream": name("Message stream", "Empty: outbound.", required=False),
            "api_url": api_url("https://api.postmarkapp.com/", adds="email"),
        },
        webhook=basic_auth(),
        reports=ALL,
        word="Type|RecordType",
        # A bounce that Postmark could not make out is one all the same.
        told={Status.FAILED: ({"RecordType": ("Bounce",), "Type": ("Unknown",)},)},
        silent=frozenset({"Inbound", "InboundError"}),
        hard=({"RecordType": ("Bounce",), "Type": ("HardBounce", "BadEmailAddress")},),
        check=Check(path="server"),
    ),
    Service(
        slug="resend",
        title="Resend",
        module="resend",
        view="ResendTrackingWebhookView",
        needs="An API key of Resend.",
        steps=(
            "In Resend, create an API key with sending access. " + SENDER,
            HOOK,
            "Put the signing secret of the webhook (whsec_...) into its field.",
        ),
        account={
            "api_key": secret("API key"),
            "api_url": api_url("https://api.resend.com/", adds="emails"),
        },
        webhook={"webhook_key": signing_key("Signing secret", "Begins with whsec_.")},
        view_names={"webhook_key": "signing_secret"},
        has_optional_key=True,
        proof="HMAC-SHA256 by Svix, where set up",
        reports=ALL - {Status.UNSUBSCRIBED},
        word="type",
        told={
            Status.FAILED: ({"type": ("email.failed",)},),
            Status.REJECTED: ({"type": ("email.suppressed",)},),
        },
        reason="data.failed.reason|data.suppressed.message",
        silent=frozenset({"email.scheduled"}),
        hard=({"data.bounce.type": ("Permanent",)},),
        check=Check(path="emails", method="POST", body="{{}}", is_empty_message=True),
    ),
    Service(
        slug="scaleway",
        title="Scaleway TEM",
        module="scaleway",
        needs="A secret key and the project ID of Scaleway Transactional Email.",
        steps=(
            "In Scaleway, create an API key whose policy allows Transactional Email. " + SENDER,
            "django-anymail reads no webhooks of Scaleway: accepted and rejected are all that "
            "Smartico learns.",
        ),
        account={
            "secret_key": secret("Secret key"),
            "project_id": name("Project ID", "Of the project that holds the domain."),
            "region": name("Region", "Empty: fr-par.", required=False),
            "api_url": api_url("https://api.scaleway.com/transactional-email/...", adds="emails"),
        },
        reports=frozenset({Status.ACCEPTED, Status.REJECTED}),
        check=Check(path="domains?project_id={project_id}"),
    ),
    Service(
        slug="sendgrid",
        title="SendGrid",
        module="sendgrid",
        view="SendGridTrackingWebhookView",
        is_listed=True,
        needs="An API key of SendGrid, a service that django-anymail does not test any more.",
        steps=(
            "Know that the makers of django-anymail have no account at SendGrid since June 2025: "
            "send yourself a test, and watch the first messages.",
            "In SendGrid, create an API key that may send mail. " + SENDER,
            HOOK,
            "Switch the signed event webhook on, and put its verification key into the field.",
        ),
        account={
            "api_key": secret("API key"),
            "api_url": api_url("https://api.sendgrid.com/v3/", adds="mail/send"),
        },
        webhook={"webhook_key": public_key("The verification key of the signed event webhook.")},
        view_names={"webhook_key": "tracking_webhook_verification_key"},
        proof="ECDSA, where set up",
        reports=ALL,
        scanned=({"sg_machine_open": (True,)},),
        hard=(
            {"event": ("bounce",), "type": ("bounce",)},
            {"event": ("dropped",), "reason": ("Invalid", "Bounced Address")},
        ),
        check=Check(path="scopes"),
    ),
    Service(
        slug="sparkpost",
        title="SparkPost",
        module="sparkpost",
        view="SparkPostTrackingWebhookView",
        is_listed=True,
        needs="An API key of SparkPost that may do transmissions.",
        steps=(
            "In SparkPost, create an API key with Transmissions: Read/Write. " + SENDER,
            "An account in the EU needs the API URL https://api.eu.sparkpost.com/api/v1/.",
            HOOK,
            BASIC,
        ),
        account={
            "api_key": secret("API key"),
            "subaccount": name("Subaccount", "Its ID. Empty: the account itself.", required=False),
            "api_url": api_url("https://api.sparkpost.com/api/v1/", adds="transmissions"),
        },
        webhook=basic_auth(),
        reports=ALL,
        word="msys.*.type",
        silent=frozenset({"initial_open", "amp_initial_open"}),
        hard=({"msys.*.bounce_class": ("10", "30")},),
        scanned=({"msys.*.is_prefetched": (True,)},),
        check=Check(path="account"),
    ),
    Service(
        slug="unisender_go",
        title="Unisender Go",
        module="unisender_go",
        view="UnisenderGoTrackingWebhookView",
        needs="An API key of Unisender Go and the API URL of its data centre.",
        steps=(
            "In Unisender Go, create an API key. " + SENDER,
            "Fill in the API URL of the data centre that holds your account.",
            HOOK + " They are signed with the API key.",
        ),
        account={
            "api_key": secret("API key"),
            "api_url": own_api_url(
                "https://go1.unisender.ru/ru/transactional/api/v1", adds="email/send.json"
            ),
        },
        view_names={"api_key": "api_key"},
        proof="MD5 over body and API key",
        reports=ALL - {Status.REJECTED},
        word="status",
        hard=(
            {
                "status": ("hard_bounced",),
                "delivery_info.delivery_status": ("err_user_unknown", "err_domain_inactive"),
            },
        ),
        is_always_signed=True,
        check=Check(path="system/info.json", method="POST", body="{{}}"),
    ),
)
