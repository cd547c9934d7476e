"""So many requests of one key in a second, and what each answer tells of it."""

import math
from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from gateways.allowances import Spent, spend

REQUESTS = 100
"""Where the key has no limit of its own."""
POLICY = "platform"


class PlatformThrottle(BaseThrottle):
    """An allowance of its own for each key. One that cannot be counted limits nobody."""

    requests = REQUESTS
    spent: Spent | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        key: Any = request.auth
        if key is None:
            return True
        self.requests = key.rate_per_second or self.requests
        self.spent = spend(key.id, self.requests)
        return self.spent is None or self.spent.is_within

    def wait(self) -> float:
        return self.spent.seconds if self.spent else 0.0

    def headers(self) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers has them; none where nothing was counted."""
        if self.spent is None:
            return {}
        reset = math.ceil(self.spent.seconds)
        return {
            "RateLimit-Policy": f'"{POLICY}";q={self.requests};w=1',
            "RateLimit": f'"{POLICY}";r={self.spent.left};t={reset}',
        }
