"""Logs: one line per event for machines or people, with nothing in it that is nobody's business."""

import logging
import logging.config
import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from gateway_project.lib import journal, sentinel
from gateway_project.lib.identifiers import read_id
from gateway_project.lib.redaction import OVERLAP, mask_urls, scrub

LONGEST_TEXT = 20_000
"""Characters kept of one text; a traceback may need many."""
THROUGH_THE_ROOT = ("django", "django.server", "django.request", "celery", "_granian")
"""Loggers that their libraries give handlers of their own."""
OF_REQUESTS = ("django.request", "django.security.csrf")
"""Loggers that tell a request's path."""
QUIET = (
    *("aiohttp", "asyncio", "amqp", "kombu", "urllib3", "flufl.bounce", "botocore"),
    *("celery.worker.strategy", "celery.app.trace"),  # two lines for every kick
)

COMMON: tuple[Processor, ...] = (
    journal.name_messages,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
)


OF_STRANGERS = ("django.security.DisallowedHost",)
"""What anybody can have written, as often as they like: one line will do."""


def configure(options: Mapping[str, Any]) -> None:
    """Sets up all logging, Django's way (LOGGING_CONFIG): `level`, and `as_json` or for people."""
    # A record that cannot be formatted would be printed as it is, arguments and all.
    logging.raiseExceptions = False
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"masked": {"()": formatter, "as_json": options["as_json"]}},
            "filters": {"paths": {"()": Paths}, "where": {"()": lambda: _without_where}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "masked"}},
            "root": {"handlers": ["stderr"], "level": options["level"]},
            "loggers": {
                **{name: {"handlers": [], "propagate": True} for name in THROUGH_THE_ROOT},
                **{name: {"level": "WARNING"} for name in QUIET},
                **{name: {"filters": ["where"]} for name in OF_STRANGERS},
                **{
                    name: {"handlers": [], "propagate": True, "filters": ["paths"]}
                    for name in OF_REQUESTS
                },
            },
        }
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *COMMON,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


class Paths(logging.Filter):
    """Has paths written as they came, percent-encoded: a blank or a comma ends none of them, and
    what is masked is masked to its end."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple) and hasattr(record, "request"):
            record.args = tuple(_encoded(each) for each in record.args)
        return True


def _encoded(argument: object) -> object:
    is_path = isinstance(argument, str) and argument.startswith("/")
    return quote(str(argument)) if is_path else argument


def _without_where(record: logging.LogRecord) -> bool:
    record.exc_info = None
    return True


def formatter(*, as_json: bool) -> logging.Formatter:
    """Formats the records of structlog and of the standard library alike."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=COMMON,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            mask,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer() if as_json else _for_people(),
        ],
    )


def mask(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The processor that takes addresses, numbers and credentials out of everything in an event."""
    return {name: value if _is_id(name, value) else masked(value) for name, value in event.items()}


def _is_id(name: str, value: object) -> bool:
    """Whether it is what the journal names messages by, and nothing else."""
    ids = value if isinstance(value, list) else [value]
    return name in journal.FIELDS and all(isinstance(each, str) and read_id(each) for each in ids)


def masked(value: object) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case dict():
            return {str(masked(name)): masked(inner) for name, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [masked(inner) for inner in value]
        case _:
            text = sentinel.passed(str(value)[: LONGEST_TEXT + OVERLAP], sentinel.LOG)
            return scrub(mask_urls(text), kept=LONGEST_TEXT)


def _for_people() -> Processor:
    # Plain tracebacks: the prettier ones show local variables.
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
