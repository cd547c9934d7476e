"""What stands before the application: nobody waits long for a word, however slow the database is.

Machines that send and report share one thread, as fibers, so that pages and the platform's bulk
requests hold nobody up; neither does any of these who watches the house. On Smartico's paths the
answer comes within `PATIENCE_SECONDS`: what is at work goes on, and who asks again with the same
uid is told what came of it.
"""

import json
import logging
from concurrent.futures import ThreadPoolExecutor

from gateway_project.lib.bodies import NO_ROOM
from gateway_project.lib.fibers import Fibers
from gateway_project.lib.metrics import TURNED_AWAY
from gateway_project.lib.protocol import ErrorCode, refused
from gateway_project.lib.protocol_middleware import is_protocol_path
from gateway_project.lib.turns import (
    Answer,
    Application,
    Environ,
    Line,
    NotBegun,
    NotDone,
    Pool,
    answer_of,
)

logger = logging.getLogger(__name__)

BEGUN_SECONDS = 1.0
"""What has not begun by then is not begun any more: it would hardly be done in time."""
PATIENCE_SECONDS = 1.8
MOST_AT_ONCE = 288
"""Of each kind, at work or waiting."""
LIVE = "/health/live"
CALLBACKS = "/callbacks/"
OPERATIONS = ("/health/ready", "/metrics")
FIBERS_THREADS = 1
OPERATIONS_THREADS = 2
AFAR_SHARE = 2
"""Of so many threads for what calls do aside there is one for what they ask of peers."""
OTHERS_SHARE = 2
"""And of so many one for everything that is no call."""

UNAVAILABLE = json.dumps(
    {"error": {"code": "unavailable", "message": "Temporarily unavailable, try again."}}
).encode()


def threads_of(calls: int) -> int:
    """All that may talk to the database in a process which has so many for what calls do aside."""
    return FIBERS_THREADS + calls + _afar(calls) + _others(calls) + OPERATIONS_THREADS


def _afar(calls: int) -> int:
    return max(calls // AFAR_SHARE, 1)


def _others(calls: int) -> int:
    return max(calls // OTHERS_SHARE, 2)


class FrontDoor:
    """Answers requests, from one event loop, by a WSGI application: machines' calls by `calls`,
    which are worked on as fibers, all others by `pages`."""

    def __init__(self, *, pages: Application, calls: Application, threads: int) -> None:
        self._pages = pages
        self._calls = _line(calls, Fibers(name="calls", aside=threads, afar=_afar(threads)))
        self._others = self._pool("others", _others(threads))
        self._operations = self._pool("operations", OPERATIONS_THREADS)

    def _pool(self, name: str, threads: int) -> Line:
        return _line(self._pages, ThreadPoolExecutor(threads, thread_name_prefix=name))

    async def answer(self, environ: Environ) -> Answer:
        """Raises what the application raises, but not on Smartico's paths."""
        path = environ.get("PATH_INFO", "")
        if path.rstrip("/") == LIVE:
            return answer_of(self._pages, environ)
        is_protocol = is_protocol_path(path)
        is_head = environ.get("REQUEST_METHOD") == "HEAD"
        if environ.get(NO_ROOM):
            return _turned_away("no_room", is_protocol, is_head)
        turn = self._line_for(path, is_protocol).enter(environ)
        if turn is None:
            return _turned_away("queue_full", is_protocol, is_head)
        within = PATIENCE_SECONDS if is_protocol else None
        try:
            return await turn.answer(begun_within=BEGUN_SECONDS, within=within)
        except NotBegun:
            return _turned_away("waited", is_protocol, is_head)
        except NotDone:
            return _turned_away("slow", is_protocol, is_head)
        except Exception:
            if not is_protocol:
                raise
            logger.exception("a request was not answered")
            return _refusal(ErrorCode.INTERNAL, is_head)

    def _line_for(self, path: str, is_protocol: bool) -> Line:  # noqa: FBT001
        if path.rstrip("/") in OPERATIONS:
            return self._operations
        return self._calls if is_protocol or path.startswith(CALLBACKS) else self._others


def _line(application: Application, pool: Pool) -> Line:
    return Line(application, pool, most=MOST_AT_ONCE)


def _turned_away(reason: str, is_protocol: bool, is_head: bool) -> Answer:
    TURNED_AWAY.labels(reason).inc()
    if is_protocol:
        return _refusal(ErrorCode.UNAVAILABLE, is_head)
    answer = _json("503 Service Unavailable", UNAVAILABLE, is_head)
    answer.headers.append(("Retry-After", "1"))
    return answer


def _refusal(code: ErrorCode, is_head: bool) -> Answer:
    return _json("200 OK", refused(code).content, is_head)


def _json(status: str, body: bytes, is_head: bool) -> Answer:
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    return Answer(status, headers, b"" if is_head else body)
