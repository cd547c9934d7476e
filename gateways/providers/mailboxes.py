"""What an adapter is that reads reports out of a mailbox. It keeps nothing: the caller remembers
how far it is, and a mail is put away only after what it told has been written down.
"""

from dataclasses import dataclass, field

from gateways.providers.values import StatusUpdate


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far a folder was read: up to `uid` of this `validity` (RFC 9051, 2.3.1.1).

    `unread` are those up to there that could not be understood.
    """

    validity: int = 0
    uid: int = 0
    unread: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMail:
    """One mail's reports, or why it could not be understood. `digest` is of the mail as it came."""

    uid: int
    digest: str
    updates: tuple[StatusUpdate, ...] = field(default=(), repr=False)
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The next mails of a folder, in the order of their coming."""

    validity: int
    mails: tuple[ReadMail, ...]


class MailboxReader:
    """A mix-in of providers whose reports come by mail."""

    @property
    def reads_mailbox(self) -> bool:
        """Whether the account has a mailbox to read."""
        raise NotImplementedError

    def read_mailbox(self, mark: Mark, limit: int) -> Batch:
        """Puts away what lies up to the mark and returns at most `limit` of the mails behind it.

        Waits for the server. Raises a ProviderError where it does not do what is asked.
        """
        raise NotImplementedError
