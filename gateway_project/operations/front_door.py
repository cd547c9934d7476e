"""What stands before the application: nobody waits long for a word, however slow the database is.

Machines that send and report have threads of their own, so that pages and the platform's bulk
requests hold nobody up; so has who watches the house. On Smartico's paths the answer comes within
`PATIENCE_SECONDS`: what is at work goes on, and who asks again with the same uid is told what came
of it.
"""

import json

from gateway_project.lib.bodies import NO_ROOM
from gateway_project.lib.metrics import TURNED_AWAY
from gateway_project.lib.protocol import ErrorCode, refused
from gateway_project.lib.protocol_middleware import is_protocol_path
from gateway_project.lib.turns import Answer, Application, Environ, Line, answer_of

BEGUN_SECONDS = 1.0
"""What has not begun by then is not begun any more: it would hardly be done in time."""
PATIENCE_SECONDS = 1.8
MOST_WAITING = 256
LIVE = "/health/live"
CALLS = ("/api/", "/callbacks/")
OPERATIONS = ("/health/ready", "/metrics")
OPERATIONS_THREADS = 2
OTHERS_SHARE = 4
"""Of so many threads for calls there is one more for everything else."""

UNAVAILABLE = json.dumps(
    {"error": {"code": "unavailable", "message": "Temporarily unavailable, try again."}}
).encode()


class FrontDoor:
    """Answers requests, from one event loop, by a WSGI application."""

    def __init__(self, application: Application, *, threads: int) -> None:
        self._application = application
        others = max(threads // OTHERS_SHARE, 2)
        self._calls = Line(application, name="calls", threads=threads, most=MOST_WAITING)
        self._others = Line(application, name="others", threads=others, most=MOST_WAITING)
        self._operations = Line(
            application, name="operations", threads=OPERATIONS_THREADS, most=MOST_WAITING
        )

    async def answer(self, environ: Environ) -> Answer:
        """Raises what the application raises."""
        path = environ.get("PATH_INFO", "")
        if path.rstrip("/") == LIVE:
            return answer_of(self._application, environ)
        is_protocol = is_protocol_path(path)
        is_head = environ.get("REQUEST_METHOD") == "HEAD"
        if environ.get(NO_ROOM):
            return _turned_away("no_room", is_protocol, is_head)
        turn = self._line(path, is_protocol).enter(environ)
        if turn is None:
            return _turned_away("queue_full", is_protocol, is_head)
        if not await turn.comes_within(BEGUN_SECONDS) and turn.give_up():
            return _turned_away("waited", is_protocol, is_head)
        if is_protocol and not await turn.comes_within(PATIENCE_SECONDS - BEGUN_SECONDS):
            return _turned_away("slow", is_protocol, is_head)
        return await turn.answer()

    def _line(self, path: str, is_protocol: bool) -> Line:
        if path.rstrip("/") in OPERATIONS:
            return self._operations
        return self._calls if is_protocol or path.startswith(CALLS) else self._others


def _turned_away(reason: str, is_protocol: bool, is_head: bool) -> Answer:
    TURNED_AWAY.labels(reason).inc()
    body = refused(ErrorCode.UNAVAILABLE).content if is_protocol else UNAVAILABLE
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    if not is_protocol:
        headers.append(("Retry-After", "1"))
    status = "200 OK" if is_protocol else "503 Service Unavailable"
    return Answer(status, headers, b"" if is_head else body)
