"""So many requests of one key, counted in windows of a second.

Each process counts by itself; where CACHE_URL names a cache that they share, they count together.
"""

import logging
import math
import time
from typing import Any

from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

logger = logging.getLogger(__name__)

REQUESTS = 100
WINDOW_SECONDS = 1
POLICY = "platform"


class PlatformThrottle(BaseThrottle):
    """A window of its own for each key. A cache that does not answer limits nobody."""

    requests, seconds = REQUESTS, WINDOW_SECONDS
    came: int | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        key: Any = request.auth
        if key is None:
            return True
        number, into = divmod(time.time(), self.seconds)
        self.left_seconds = self.seconds - into
        self.came = _counted(f"platform-requests:{key.id}:{int(number)}", self.seconds)
        return self.came is None or self.came <= self.requests

    def wait(self) -> float:
        return self.left_seconds

    def headers(self) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers has them; none where nothing was counted."""
        if self.came is None:
            return {}
        rest, reset = max(self.requests - self.came, 0), math.ceil(self.left_seconds)
        return {
            "RateLimit-Policy": f'"{POLICY}";q={self.requests};w={self.seconds}',
            "RateLimit": f'"{POLICY}";r={rest};t={reset}',
        }


def _counted(name: str, seconds: int) -> int | None:
    try:
        cache.add(name, 0, timeout=seconds + 1)
        return cache.incr(name)
    except Exception as error:  # noqa: BLE001  whatever a cache's client raises
        logger.warning("requests are not counted: %s", type(error).__name__)
        return None
