"""Any mail server, by SMTP (RFC 5321) through Django's own backend, on kept-open connections."""

import smtplib
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from email.errors import HeaderParseError
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend
from django.core.validators import RegexValidator

from gateway_project.lib import egress
from gateway_project.lib.conversations import within
from gateway_project.lib.smtp import GuardedSMTP, GuardedSMTPS
from gateway_project.lib.tls import new_context, trusting
from gateway_project.lib.transport import TransportError
from gateway_project.lib.vocabulary import Channel, Status
from gateways.providers.base import (
    CHECK_IN_ALL_SECONDS,
    CHECK_SECONDS,
    BlockingProvider,
    Group,
    MessageRejected,
    OutboundMessage,
    SecretField,
    SendResult,
)
from gateways.providers.fields import PRINTABLE, CertificateField, HostField, PortField
from gateways.providers.groups import CERTIFICATE
from gateways.providers.imap_box import ImapBox, ImapOptions, check_options
from gateways.providers.links import UnsubscribeOption, unsubscribe_headers
from gateways.providers.mailboxes import Batch, MailboxReader, Mark
from gateways.providers.mails import compose
from gateways.providers.return_paths import ReturnAddressField, return_path
from gateways.providers.smtp_replies import ConnectionLost, problem_of, reply_of
from gateways.providers.tracking import TrackingOptions, with_pixel, with_tracked_links

COMMAND_SECONDS = 20.0
"""Less than a worker waits before it stops, so that it stops with nothing in doubt."""
PORTS: Mapping[str, int] = {"none": 25, "starttls": 587, "tls": 465}
HOST = RegexValidator(r"\A[\w.:\[\]-]+\Z", "A host name or an address is expected.")

OK = 250
MAIL_SECONDS = 120.0
"""How long a mail may take in all, from the connection to the answer to its body, however slowly
and with how many lines a server answers: 10 MB over a line of 1 Mbit/s."""
CLOSE_SECONDS = 5.0
MOST_HEARD = 1_000_000
"""Bytes, of one conversation: all lines of an answer are kept until its last."""


class Backend(EmailBackend):
    """Django's backend over guarded connections.

    `authority` is whom it trusts instead of the system's authorities; "" for those.
    """

    def __init__(self, *, authority: str = "", **options: Any) -> None:
        super().__init__(**options)
        self._authority = authority

    @property
    def ssl_context(self) -> ssl.SSLContext:
        return trusting(self._authority) if self._authority else new_context()

    @property
    def connection_class(self) -> type[GuardedSMTP]:
        return GuardedSMTPS if self.use_ssl else GuardedSMTP

    def abandon(self) -> None:
        """Closes without a word; the next `open` connects anew."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class Smtp(MailboxReader, BlockingProvider):
    """Keeps one connection per thread."""

    slug = "smtp"
    title = "SMTP"
    channels = (Channel.EMAIL,)
    needs = "Host and port of a mail server, and a user with its password where it asks for one."
    instructions = (
        "Ask whoever runs the mail server for its host, its port and how it is encrypted: "
        "STARTTLS (587), TLS (465) or, inside the house only, none (25).",
        "Fill in user and password both, or neither where the server knows this machine.",
        "See to it that the server may send for your From domain (SPF, DKIM), or mails "
        "will end up as spam.",
        "A mail server reports nothing by itself: accepted and rejected are what Smartico learns, "
        "and what you switch on below. There is no webhook to set up.",
        "For bounces and complaints give a return address and the mailbox that its mails end up "
        "in. That mailbox must be for them alone.",
    )
    reports = frozenset(
        {
            *(Status.ACCEPTED, Status.REJECTED),
            *(Status.DELIVERED, Status.FAILED, Status.COMPLAINED),
            *(Status.OPENED, Status.CLICKED, Status.UNSUBSCRIBED),
        }
    )

    class Config(UnsubscribeOption, TrackingOptions, ImapOptions):
        host = HostField(
            validators=[HOST], help_text="The mail server's name, such as smtp.example.com."
        )
        port = PortField(
            required=False, help_text="Empty: 587 with STARTTLS, 465 with TLS, else 25."
        )
        security = forms.ChoiceField(
            choices=[("starttls", "STARTTLS"), ("tls", "TLS"), ("none", "None")],
            initial="starttls",
            help_text="The certificate is always verified. None: inside the house only.",
        )
        username = forms.CharField(
            required=False,
            validators=[PRINTABLE],
            help_text="Empty where the server knows this machine.",
        )
        password = SecretField(
            required=False,
            strip=False,
            validators=[PRINTABLE],
            help_text="Where sign-ins need a second factor, an app password.",
        )
        authority = CertificateField()
        bounce_address = ReturnAddressField()

        groups = (
            Group(
                title="Mail server",
                lines=(("host", "port"), "security", ("username", "password")),
            ),
            Group(
                title="Unsubscribing and tracking",
                lines=("list_unsubscribe", "track_opens", "track_clicks"),
                note="What this gateway adds to mails, and answers itself.",
            ),
            Group(
                title="Bounces and complaints",
                lines=(
                    "bounce_address",
                    ("imap_host", "imap_port"),
                    "imap_security",
                    ("imap_user", "imap_password"),
                    ("imap_folder", "imap_done"),
                    "imap_authority",
                ),
                note="A mail server takes a mail before it knows whether it can be delivered. What "
                "becomes of it comes back as a mail, into a mailbox that is read here.",
                is_rare=True,
            ),
            CERTIFICATE,
        )

        def clean(self) -> dict[str, Any]:
            cleaned = self.cleaned_data
            if bool(cleaned.get("username")) != bool(cleaned.get("password")):
                raise ValidationError("Username and password are given both or not at all.")
            in_the_clear = cleaned.get("password") and cleaned.get("security") == "none"
            if in_the_clear and not egress.is_inside(cleaned.get("host", "")):
                raise ValidationError("A password without TLS is for hosts in EGRESS_ALLOW only.")
            if "security" in cleaned and cleaned.get("port", 0) is None:
                cleaned["port"] = PORTS[cleaned["security"]]
            check_options(cleaned)
            return cleaned

    def __init__(self, config: Mapping[str, Any], **urls: str) -> None:
        super().__init__(config, **urls)
        self._of_this_thread = threading.local()
        self._backends: list[Backend] = []

    def send(self, message: OutboundMessage) -> SendResult:
        mail = self._mail(message)
        backend = self._backend()
        with within(MAIL_SECONDS, most_heard=MOST_HEARD):
            if backend.connection is not None:
                with suppress(ConnectionLost):
                    return _delivered(backend, mail)
            return _delivered(backend, mail)

    def check_connection(self) -> str:
        """Connects, signs in and says NOOP."""
        with within(CHECK_IN_ALL_SECONDS, most_heard=MOST_HEARD):
            return self._checked()

    def _checked(self) -> str:
        backend = self._new_backend(CHECK_SECONDS)
        try:
            backend.open()
            found = _found(backend)
        except (OSError, TransportError) as error:
            raise problem_of(error, body_written=False) from None
        finally:
            _close(backend)
        if self.reads_mailbox:
            found += f" The mailbox answers as well, with {ImapBox(self.config).count()} mails."
        return found

    @property
    def reads_mailbox(self) -> bool:
        return bool(self.config.get("imap_host"))

    def read_mailbox(self, mark: Mark, limit: int) -> Batch:
        return ImapBox(self.config).read(mark, limit)

    def reported(self, channel: Channel) -> frozenset[Status]:
        """A server tells of a delivery only where it was asked to, so none is promised."""
        told = {
            "imap_host": (Status.FAILED, Status.COMPLAINED, Status.UNSUBSCRIBED),
            "list_unsubscribe": (Status.UNSUBSCRIBED,),
            "track_opens": (Status.OPENED,),
            "track_clicks": (Status.CLICKED,),
        }
        switched_on = (statuses for name, statuses in told.items() if self.config.get(name))
        return frozenset((Status.ACCEPTED, Status.REJECTED)).union(*switched_on)

    def close(self) -> None:
        while self._backends:
            _close(self._backends.pop())
        self._of_this_thread = threading.local()

    def _mail(self, message: OutboundMessage) -> EmailMessage:
        """The mail with the links of our own that the account wants in it."""
        public_url, html = self.public_url, message.html
        if html and self.config.get("track_clicks"):
            html = with_tracked_links(html, public_url, message.id)
        if html and self.config.get("track_opens"):
            html = with_pixel(html, public_url, message.id)
        is_listed = self.config.get("list_unsubscribe")
        headers = unsubscribe_headers(public_url, message.id) if is_listed else {}
        mail = compose(replace(message, html=html), headers)
        if self.config.get("bounce_address"):
            # Django takes the envelope's sender from here, and the From from its header.
            mail.extra_headers["From"] = mail.from_email
            mail.from_email = return_path(self.config["bounce_address"], message.id)
        return mail

    def _backend(self) -> Backend:
        backend: Backend | None = getattr(self._of_this_thread, "backend", None)
        if backend is None:
            backend = self._of_this_thread.backend = self._new_backend()
            self._backends.append(backend)
        return backend

    def _new_backend(self, timeout: float = COMMAND_SECONDS) -> Backend:
        security = self.config["security"]
        return Backend(
            host=self.config["host"],
            port=int(self.config["port"]),
            username=self.config.get("username", ""),
            password=self.config.get("password", ""),
            use_tls=security == "starttls",
            use_ssl=security == "tls",
            timeout=timeout,
            authority=self.config.get("authority", ""),
        )


def _delivered(backend: Backend, mail: EmailMessage) -> SendResult:
    """Raises ConnectionLost where a new connection may do, else the ProviderError it comes to."""
    try:
        backend.open()
        backend.send_messages([mail])
    except (OSError, TransportError) as error:
        problem = problem_of(error, body_written=getattr(backend.connection, "body_written", False))
        if reply_of(error) is None or isinstance(problem, ConnectionLost):
            backend.abandon()
        raise problem from None
    except (ValueError, HeaderParseError):
        raise MessageRejected("the content cannot be written as a mail") from None
    return SendResult(provider_id=mail.extra_headers["Message-ID"])


def _found(backend: Backend) -> str:
    connection = backend.connection
    if connection is None:
        raise smtplib.SMTPServerDisconnected
    code, words = connection.noop()
    if code != OK:
        raise smtplib.SMTPResponseException(code, words)
    sock = connection.sock
    security = sock.version() if isinstance(sock, ssl.SSLSocket) else "without encryption"
    signed_in = "signed in" if backend.username else "without signing in"
    return f"The mail server answers, {security}, {signed_in}."


def _close(backend: Backend) -> None:
    """Says QUIT where there is somebody to say it to."""
    with suppress(OSError), within(CLOSE_SECONDS):
        backend.close()
