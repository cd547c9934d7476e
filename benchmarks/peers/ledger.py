"""What a peer was told, and when."""

import json
import time


class Ledger:
    """`moments`: when each reference came first, by the clock that all processes share."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.count = 0
        self.moments: dict[str, float] = {}
        self.last_at = 0.0

    def take(self, reference: str) -> None:
        self.count += 1
        self.last_at = time.monotonic()
        self.moments.setdefault(reference, self.last_at)

    def answer(self, path: str) -> bytes | None:
        """To the bench, which asks on paths of its own."""
        match path:
            case "/counts":
                first_at = next(iter(self.moments.values()), 0.0)
                told = {
                    "count": self.count,
                    "different": len(self.moments),
                    "first_at": first_at,
                    "last_at": self.last_at,
                }
                return json.dumps(told).encode()
            case "/moments":
                return json.dumps(self.moments).encode()
            case "/forget":
                self.forget()
                return b"{}"
        return None
