"""The provider's ledger: what it has sent, in a file that outlives every process."""

import sqlite3
from collections import Counter
from pathlib import Path

TABLES = """
CREATE TABLE IF NOT EXISTS sends (id INTEGER PRIMARY KEY, uid TEXT NOT NULL, key TEXT);
CREATE INDEX IF NOT EXISTS sends_by_key ON sends (key);
"""


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

    def counts(self) -> Counter[str]:
        """How often each uid was sent."""
        lines = self._sqlite.execute("SELECT uid, count(*) FROM sends GROUP BY uid")
        return Counter(dict(lines.fetchall()))

    def close(self) -> None:
        self._sqlite.close()
