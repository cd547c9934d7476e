"""The provider's book: what it sent, refused and reported, in a file that outlives processes."""

import sqlite3
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

TABLES = """
CREATE TABLE IF NOT EXISTS sends (id INTEGER PRIMARY KEY, uid TEXT NOT NULL, key TEXT);
CREATE INDEX IF NOT EXISTS sends_by_key ON sends (key);
CREATE TABLE IF NOT EXISTS refusals (uid TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS reports (
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    status TEXT NOT NULL,
    names_message INTEGER NOT NULL,
    taken_at REAL
);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A status that the provider tells of a message. `names_message`: by the gateway's own id, or
    else by the provider's alone. `taken_at` is when it was answered with 200, in time.monotonic();
    None where it never was."""

    uid: str
    provider_id: str
    status: str
    names_message: bool = True
    taken_at: float | None = None

    @property
    def is_taken(self) -> bool:
        return self.taken_at is not None


class SendLedger:
    """One line for each message that the provider has sent to somebody's telephone.

    `uid` is what stands in the message's own text: it shows a message sent twice even if the
    gateway took it for two.
    """

    def __init__(self, path: Path) -> None:
        self._sqlite = sqlite3.connect(path, isolation_level=None)
        self._sqlite.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; {TABLES}")

    def send(self, uid: str, key: str | None) -> tuple[int, bool]:
        """The id of the send, and whether it is new: a key that was seen before sends nothing."""
        if key is not None:
            found = self._sqlite.execute("SELECT id FROM sends WHERE key = ?", [key]).fetchone()
            if found:
                return found[0], False
        line = self._sqlite.execute("INSERT INTO sends (uid, key) VALUES (?, ?)", [uid, key])
        return line.lastrowid or 0, True

    def refuse(self, uid: str) -> None:
        self._sqlite.execute("INSERT OR IGNORE INTO refusals (uid) VALUES (?)", [uid])

    def tell(self, reported: Reported) -> int:
        """Writes down that this is told from now on; answers the number of the line."""
        line = self._sqlite.execute(
            "INSERT INTO reports (uid, provider_id, status, names_message) VALUES (?, ?, ?, ?)",
            [reported.uid, reported.provider_id, reported.status, reported.names_message],
        )
        return line.lastrowid or 0

    def was_taken(self, number: int) -> None:
        """The report on that line was answered with 200, now."""
        taken = "UPDATE reports SET taken_at = ? WHERE id = ?"
        self._sqlite.execute(taken, [time.monotonic(), number])

    def counts(self) -> Counter[str]:
        """How often each uid was sent."""
        lines = self._sqlite.execute("SELECT uid, count(*) FROM sends GROUP BY uid")
        return Counter(dict(lines.fetchall()))

    def refusals(self) -> frozenset[str]:
        """The uids that were refused."""
        return frozenset(uid for (uid,) in self._sqlite.execute("SELECT uid FROM refusals"))

    def reports(self) -> list[Reported]:
        lines = self._sqlite.execute(
            "SELECT uid, provider_id, status, names_message, taken_at FROM reports ORDER BY id"
        )
        return [
            Reported(
                uid=uid,
                provider_id=provider_id,
                status=status,
                names_message=bool(names_message),
                taken_at=taken_at,
            )
            for uid, provider_id, status, names_message, taken_at in lines
        ]

    def close(self) -> None:
        self._sqlite.close()
