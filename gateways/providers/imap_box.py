"""A mailbox of bounces and complaints, read by IMAP (RFC 3501) through imap-tools."""

import hashlib
import imaplib
import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from imap_tools import BaseMailBox
from imap_tools.errors import ImapToolsError, MailboxFolderSelectError, MailboxLoginError

from gateway_project.lib import egress
from gateway_project.lib.conversations import seconds_left, within
from gateway_project.lib.imap import GuardedMailBox
from gateway_project.lib.tls import new_context, trusting
from gateway_project.lib.transport import TransportError
from gateways.providers.answers import transport_error
from gateways.providers.bounces import LONGEST, read_mail
from gateways.providers.errors import GatewayMisconfigured, GatewayUnavailable
from gateways.providers.fields import (
    PRINTABLE,
    CertificateField,
    HostField,
    PortField,
    SecretField,
)
from gateways.providers.groups import ConfigForm
from gateways.providers.mailboxes import Batch, Mark, ReadMail

COMMAND_SECONDS = 20.0
READING_SECONDS = 120.0
"""How long one reading of a mailbox may take in all, however slowly a server answers."""
PORTS: Mapping[str, int] = {"tls": 993, "starttls": 143, "none": 143}
DONE, UNREAD = ("Gatehouse", "Done"), ("Gatehouse", "Unread")
UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
"""What reading strangers' mails may end in."""
NAMESPACE = re.compile(rb'\(\("([^"]*)" "([^"]{1,2})"')


class ImapOptions(ConfigForm):
    """The part of an e-mail provider's Config about a mailbox of bounces; off without a host."""

    imap_host = HostField(
        required=False,
        label="Mailbox: IMAP host",
        help_text="Where bounces and complaints arrive. Empty: they are not read. The mailbox is "
        "for them alone: every mail in the folder is put away.",
    )
    imap_port = PortField(
        required=False, label="Mailbox: port", help_text="Empty: 993 with TLS, else 143."
    )
    imap_security = forms.ChoiceField(
        label="Mailbox: security",
        choices=[("tls", "TLS"), ("starttls", "STARTTLS"), ("none", "None")],
        initial="tls",
        help_text="The certificate is always verified. None: inside the house only.",
    )
    imap_user = forms.CharField(
        required=False,
        label="Mailbox: user",
        validators=[PRINTABLE],
        help_text="Often the address of the mailbox itself.",
    )
    imap_password = SecretField(
        required=False,
        label="Mailbox: password",
        strip=False,
        validators=[PRINTABLE],
        help_text="Where sign-ins need a second factor, an app password.",
    )
    imap_folder = forms.CharField(
        required=False, label="Mailbox: folder", initial="INBOX", help_text="Empty: INBOX."
    )
    imap_done = forms.ChoiceField(
        label="Mailbox: mails that were read",
        choices=[("move", "Move to Gatehouse/Done"), ("delete", "Delete")],
        initial="move",
        help_text="What is not understood is moved to Gatehouse/Unread in either case.",
    )
    imap_authority = CertificateField(label="Mailbox: certificate authority")


def check_options(cleaned: dict[str, Any]) -> None:
    """Fills in the port; raises ValidationError for what cannot work together."""
    if not cleaned.get("imap_host"):
        return
    if not cleaned.get("imap_user") or not cleaned.get("imap_password"):
        raise ValidationError("The mailbox needs a user and a password.")
    if cleaned.get("imap_security") == "none" and not egress.is_inside(cleaned["imap_host"]):
        raise ValidationError("A mailbox without TLS is for hosts in EGRESS_ALLOW only.")
    if cleaned.get("imap_port", 0) is None:
        cleaned["imap_port"] = PORTS[cleaned.get("imap_security", "tls")]


class ImapBox:
    """The mailbox of one account; connects for each reading."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config

    def count(self) -> int:
        """How many mails wait in the folder."""
        with self._opened() as box:
            return len(box.uids("ALL"))

    def read(self, mark: Mark, limit: int) -> Batch:
        """As `MailboxReader.read_mailbox` promises."""
        with self._opened() as box:
            validity = box.folder.status(box.folder.get(), ["UIDVALIDITY"])["UIDVALIDITY"]
            uids = sorted(map(int, box.uids("ALL")))
            done = mark.uid if validity == mark.validity else 0
            self._put_away(box, [uid for uid in uids if uid <= done], mark.unread)
            new = [uid for uid in uids if uid > done][:limit]
            mails = tuple(_read_in_time(box, new))
        return Batch(validity=validity, mails=mails)

    def _put_away(self, box: BaseMailBox, uids: Sequence[int], unread: frozenset[int]) -> None:
        done = [str(uid) for uid in uids if uid not in unread]
        not_understood = [str(uid) for uid in uids if uid in unread]
        if done and self._config.get("imap_done") == "delete":
            box.delete(done)
        elif done:
            box.move(done, _folder(box, DONE))
        if not_understood:
            box.move(not_understood, _folder(box, UNREAD))

    @contextmanager
    def _opened(self) -> Iterator[BaseMailBox]:
        """The folder, selected. Turns what the server does into a ProviderError."""
        with within(READING_SECONDS):
            box: BaseMailBox | None = None
            try:
                box = self._connected()
                box.folder.set(self._config.get("imap_folder") or "INBOX")
                yield box
            except (OSError, TransportError, ImapToolsError, imaplib.IMAP4.error) as error:
                raise _problem_of(error) from None
            finally:
                if box is not None:
                    _leave(box)

    def _connected(self) -> BaseMailBox:
        config = self._config
        authority = config.get("imap_authority", "")
        box = GuardedMailBox(
            config["imap_host"],
            int(config["imap_port"]),
            security=config["imap_security"],
            context=trusting(authority) if authority else new_context(),
            timeout=COMMAND_SECONDS,
        )
        try:
            box.login(config["imap_user"], config["imap_password"], initial_folder=None)
        except BaseException:
            _leave(box)
            raise
        return box


def _read_in_time(box: BaseMailBox, uids: Sequence[int]) -> Iterator[ReadMail]:
    """As many as there is time for, one at least: what is left is read the next time."""
    for uid in uids:
        if uid != uids[0] and seconds_left() < READING_SECONDS / 4:
            return
        if (mail := _read(box, uid)) is not None:
            yield mail


def _read(box: BaseMailBox, uid: int) -> ReadMail | None:
    """None where somebody has taken the mail away meanwhile."""
    answer, found = box.client.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{LONGEST + 1}>)")
    if answer == "OK" and not any(found):
        return None
    raw = next((part[1] for part in found if isinstance(part, tuple)), b"")
    if answer != "OK":
        digest = hashlib.sha256(str(uid).encode()).hexdigest()
        return ReadMail(uid=uid, digest=digest, problem="the mailbox does not give it out")
    digest = hashlib.sha256(raw).hexdigest()
    try:
        return ReadMail(uid=uid, digest=digest, updates=tuple(read_mail(raw)))
    except UNREADABLE as problem:
        reason = str(problem) if type(problem) is ValueError else type(problem).__name__
        return ReadMail(uid=uid, digest=digest, problem=reason)


def _folder(box: BaseMailBox, names: tuple[str, str]) -> str:
    """The folder's name as this server writes it; made where it is not there."""
    _, told = box.client.namespace()
    found = NAMESPACE.match(told[0] or b"") if told else None
    prefix, sign = (each.decode("ascii") for each in found.groups()) if found else ("", "/")
    name = prefix + sign.join(names)
    if not box.folder.exists(name):
        box.folder.create(name)
    return name


def _problem_of(error: Exception) -> GatewayMisconfigured | GatewayUnavailable:
    match error:
        case TransportError():
            problem = transport_error(error)
            misconfigured = isinstance(problem, GatewayMisconfigured)
            kind = GatewayMisconfigured if misconfigured else GatewayUnavailable
            return kind(problem.detail)
        case MailboxLoginError():
            return GatewayMisconfigured("the mailbox refuses the user or the password")
        case MailboxFolderSelectError():
            return GatewayMisconfigured("the mailbox has no such folder")
        case ssl.SSLCertVerificationError():
            return GatewayMisconfigured(f"the certificate is refused: {error.verify_message}")
        case _:
            return GatewayUnavailable(f"the mailbox does not answer: {type(error).__name__}")


def _leave(box: BaseMailBox) -> None:
    """Says LOGOUT where there is somebody to say it to."""
    try:
        box.logout()
    except (OSError, ImapToolsError, imaplib.IMAP4.error):
        with suppress(OSError):
            box.client.shutdown()
