"""Any mail server, by SMTP (RFC 5321) through Django's own backend, on kept-open connections."""

import smtplib
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from email.errors import HeaderParseError
from email.headerregistry import Address
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import utf8_charset_qp
from django.core.validators import RegexValidator

from gateway_project.lib import egress
from gateway_project.lib.mailbox import Mailbox, parse_address, parse_mailbox
from gateway_project.lib.smtp import GuardedSMTP, GuardedSMTPS
from gateway_project.lib.transport import TransportError
from gateway_project.lib.vocabulary import Channel, Status
from gateways.providers.base import (
    ID_HEADER,
    BlockingProvider,
    GatewayMisconfigured,
    GatewayUnavailable,
    MessageRejected,
    OutboundMessage,
    OutcomeUnknown,
    ProviderError,
    SecretField,
    SendResult,
    transport_error,
)
from gateways.providers.fields import PRINTABLE

TIMEOUT_SECONDS = 60.0
PORTS: Mapping[str, int] = {"none": 25, "starttls": 587, "tls": 465}
HOST = RegexValidator(r"\A[\w.:\[\]-]+\Z", "A host name or an address is expected.")

PERMANENT: Mapping[type[smtplib.SMTPException], type[ProviderError]] = {
    smtplib.SMTPAuthenticationError: GatewayMisconfigured,
    # The From is the operator's: an account that may not use it is for a human to put right.
    # Rejecting instead would burn a campaign, message by message.
    smtplib.SMTPSenderRefused: GatewayMisconfigured,
    smtplib.SMTPRecipientsRefused: MessageRejected,
    smtplib.SMTPDataError: MessageRejected,
    smtplib.SMTPHeloError: GatewayMisconfigured,
    smtplib.SMTPConnectError: GatewayUnavailable,
    smtplib.SMTPResponseException: GatewayMisconfigured,
}
"""What a 5xx means, by the command that it answers (the last one: STARTTLS, NOOP)."""

PERMANENT_CODES: Mapping[int, type[ProviderError]] = {
    530: GatewayMisconfigured,
    534: GatewayMisconfigured,
    535: GatewayMisconfigured,
    538: GatewayMisconfigured,
    552: MessageRejected,
}
"""Codes that mean the same whatever they answer: authentication (RFC 4954), size (RFC 1870)."""

OK = 250
CLOSING = 421


class ConnectionLost(GatewayUnavailable):
    """The server hung up before a body was written: a new connection may do at once."""


class Backend(EmailBackend):
    """Django's backend over guarded connections."""

    @property
    def connection_class(self) -> type[GuardedSMTP]:
        return GuardedSMTPS if self.use_ssl else GuardedSMTP

    def abandon(self) -> None:
        """Closes without a word; the next `open` connects anew."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class Smtp(BlockingProvider):
    """Keeps one connection per thread."""

    slug = "smtp"
    title = "SMTP"
    channels = (Channel.EMAIL,)
    reports = frozenset({Status.ACCEPTED, Status.REJECTED})

    class Config(forms.Form):
        host = forms.CharField(validators=[HOST])
        port = forms.IntegerField(
            required=False,
            min_value=1,
            max_value=65535,
            help_text="Empty: 587 with STARTTLS, 465 with TLS, else 25.",
        )
        security = forms.ChoiceField(
            choices=[("starttls", "STARTTLS"), ("tls", "TLS"), ("none", "None")],
            initial="starttls",
            help_text="The certificate is always verified. None: inside the house only.",
        )
        username = forms.CharField(required=False, validators=[PRINTABLE])
        password = SecretField(required=False, strip=False, validators=[PRINTABLE])

        def clean(self) -> dict[str, Any]:
            cleaned = self.cleaned_data
            if bool(cleaned.get("username")) != bool(cleaned.get("password")):
                raise ValidationError("Username and password are given both or not at all.")
            in_the_clear = cleaned.get("password") and cleaned.get("security") == "none"
            if in_the_clear and not egress.is_inside(cleaned.get("host", "")):
                raise ValidationError("A password without TLS is for hosts in EGRESS_ALLOW only.")
            if "security" in cleaned and cleaned.get("port", 0) is None:
                cleaned["port"] = PORTS[cleaned["security"]]
            return cleaned

    def __init__(self, config: Mapping[str, Any], **urls: str) -> None:
        super().__init__(config, **urls)
        self._of_this_thread = threading.local()
        self._backends: list[Backend] = []

    def send(self, message: OutboundMessage) -> SendResult:
        mail = compose(message)
        backend = self._backend()
        if backend.connection is not None:
            with suppress(ConnectionLost):
                return _delivered(backend, mail)
        return _delivered(backend, mail)

    def check_connection(self) -> str:
        """Connects, signs in and says NOOP."""
        backend = self._new_backend()
        try:
            backend.open()
            found = _found(backend)
        except (OSError, TransportError) as error:
            raise _problem(error, body_written=False) from None
        finally:
            _close(backend)
        return found

    def close(self) -> None:
        while self._backends:
            _close(self._backends.pop())
        self._of_this_thread = threading.local()

    def _backend(self) -> Backend:
        backend: Backend | None = getattr(self._of_this_thread, "backend", None)
        if backend is None:
            backend = self._of_this_thread.backend = self._new_backend()
            self._backends.append(backend)
        return backend

    def _new_backend(self) -> Backend:
        security = self.config["security"]
        return Backend(
            host=self.config["host"],
            port=int(self.config["port"]),
            username=self.config.get("username", ""),
            password=self.config.get("password", ""),
            use_tls=security == "starttls",
            use_ssl=security == "tls",
            timeout=TIMEOUT_SECONDS,
        )


def compose(message: OutboundMessage) -> EmailMessage:
    """The mail as Django sends it: in 7-bit parts, named by our id in Message-ID and a header."""
    sender = _sender(message)
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=message.text or message.html,
        from_email=_written(sender),
        to=[_recipient(message)],
        reply_to=[_written(_mailbox(message.reply_to, "Reply-To"))] if message.reply_to else [],
        headers={
            "Message-ID": f"<{message.id}@{sender.address.rpartition('@')[2]}>",
            ID_HEADER: message.id,
        },
    )
    if not message.text and message.html:
        mail.content_subtype = "html"
    elif message.html:
        mail.attach_alternative(message.html, "text/html")
    # Quoted-printable passes servers without 8BITMIME, and long lines.
    mail.encoding = utf8_charset_qp
    return mail


def _sender(message: OutboundMessage) -> Mailbox:
    if not message.sender:
        raise GatewayMisconfigured("there is no From address")
    return _mailbox(message.sender, "From")


def _mailbox(text: str, name: str) -> Mailbox:
    try:
        return parse_mailbox(text)
    except ValueError:
        raise MessageRejected(f"{name} is not one well-formed mailbox") from None


def _written(mailbox: Mailbox) -> str:
    return str(Address(display_name=mailbox.name, addr_spec=mailbox.address))


def _recipient(message: OutboundMessage) -> str:
    try:
        return parse_address(message.recipient.reveal() if message.recipient else "")
    except ValueError:
        raise MessageRejected("the recipient has no address that SMTP can carry") from None


def _delivered(backend: Backend, mail: EmailMessage) -> SendResult:
    """Raises ConnectionLost where a new connection may do, else the ProviderError it comes to."""
    try:
        backend.open()
        backend.send_messages([mail])
    except (OSError, TransportError) as error:
        problem = _problem(error, body_written=getattr(backend.connection, "body_written", False))
        if _reply(error) is None or isinstance(problem, ConnectionLost):
            backend.abandon()
        raise problem from None
    except (ValueError, HeaderParseError):
        raise MessageRejected("the content cannot be written as a mail") from None
    return SendResult(provider_id=mail.extra_headers["Message-ID"])


def _problem(error: OSError | TransportError, *, body_written: bool) -> ProviderError:
    if isinstance(error, TransportError):
        return transport_error(error)
    reply = _reply(error)
    if reply is not None:
        return _refusal(error, *reply, body_written=body_written)
    if body_written:
        return OutcomeUnknown("the connection broke after the message was written")
    return _broken(error)


def _reply(error: Exception) -> tuple[int, str] | None:
    """The code and words with which the server answered; None where it did not."""
    words: bytes | str
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        ((code, words),) = error.recipients.values()
    elif isinstance(error, smtplib.SMTPResponseException):
        code, words = error.smtp_code, error.smtp_error
    else:
        return None
    return code, words.decode("utf-8", "replace") if isinstance(words, bytes) else words


def _refusal(error: OSError, code: int, words: str, *, body_written: bool) -> ProviderError:
    detail = f"{code} {words}"
    if code == CLOSING:
        return ConnectionLost(detail)
    if 500 <= code <= 599:
        kinds = (PERMANENT[kind] for kind in type(error).__mro__ if kind in PERMANENT)
        return (PERMANENT_CODES.get(code) or next(kinds))(detail)
    if 400 <= code <= 499 or not body_written:
        return GatewayUnavailable(detail)
    return OutcomeUnknown(f"unreadable answer, {detail}")


def _broken(error: OSError) -> ProviderError:
    """What a failure without an answer means while no body was written."""
    match error:
        case smtplib.SMTPServerDisconnected() | ssl.SSLEOFError() | ssl.SSLZeroReturnError():
            return ConnectionLost("the server closed the connection")
        case ssl.SSLCertVerificationError():
            return GatewayMisconfigured(f"the certificate is refused: {error.verify_message}")
        case ssl.SSLError():
            return GatewayMisconfigured(f"TLS failed: {error.reason}")
        case smtplib.SMTPNotSupportedError() | smtplib.SMTPException():
            # STARTTLS or AUTH is not offered, or no mechanism that is known here.
            return GatewayMisconfigured(str(error))
        case TimeoutError():
            return ConnectionLost("the server did not answer in time")
        case _:
            return ConnectionLost(type(error).__name__)


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
    with suppress(OSError):
        backend.close()
