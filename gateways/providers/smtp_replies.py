"""What a mail server's replies mean, and what it means that none came (RFC 5321, 4.2)."""

import smtplib
import ssl
from collections.abc import Mapping

from gateway_project.lib.transport import TransportError
from gateways.providers.base import (
    GatewayMisconfigured,
    GatewayUnavailable,
    MessageRejected,
    OutcomeUnknown,
    ProviderError,
    transport_error,
)
from gateways.providers.enhanced_codes import is_address_at_fault

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

CLOSING = 421


class ConnectionLost(GatewayUnavailable):
    """The server hung up before a body was written: a new connection may do at once."""


def problem_of(error: OSError | TransportError, *, body_written: bool) -> ProviderError:
    """What the failure of one mail comes to; `body_written` once the server may have taken it."""
    if isinstance(error, TransportError):
        return transport_error(error)
    reply = reply_of(error)
    if reply is not None:
        return _refusal(error, *reply, body_written=body_written)
    if body_written:
        return OutcomeUnknown("the connection broke after the message was written")
    return _broken(error)


def reply_of(error: Exception) -> tuple[int, str] | None:
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
        return _permanent(error, code, words)
    if 400 <= code <= 499 or not body_written:
        return GatewayUnavailable(detail)
    return OutcomeUnknown(f"unreadable answer, {detail}")


def _permanent(error: OSError, code: int, words: str) -> ProviderError:
    """What a 5xx comes to. Only where it answers RCPT is it the recipient that it speaks of."""
    kinds = (PERMANENT[kind] for kind in type(error).__mro__ if kind in PERMANENT)
    kind, detail = PERMANENT_CODES.get(code) or next(kinds), f"{code} {words}"
    if kind is MessageRejected and isinstance(error, smtplib.SMTPRecipientsRefused):
        return MessageRejected(detail, is_permanent=is_address_at_fault(words))
    return kind(detail)


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
