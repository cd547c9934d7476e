"""Traces by OpenTelemetry, where an endpoint is set; elsewhere nothing is imported for it.

A trace is named as its message: both ids have 128 bits. So what web, worker and callbacks do about
a message is one trace, and nothing has to be handed from one to the other.
"""

import logging
from contextvars import ContextVar
from datetime import datetime
from importlib import import_module
from typing import Any
from uuid import UUID

from gateway_project.lib.requests_door import GuardedSession

logger = logging.getLogger(__name__)

PACKAGES = ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http.trace_exporter")
LOW_BITS = (1 << 64) - 1
PATH = "/v1/traces"

Tracer = Any
_tracer: Tracer | None = None
_message: ContextVar[UUID | None] = ContextVar("message", default=None)


def begin(endpoint: str, *, service: str, share: float = 1.0) -> None:
    """From now on this process tells the OTLP endpoint of this share of all messages: the same ones
    as every other process. Raises ImportError where OpenTelemetry is not installed."""
    global _tracer
    sdk, exporting = map(import_module, PACKAGES)
    export = import_module("opentelemetry.sdk.trace.export")
    exporter = exporting.OTLPSpanExporter(
        endpoint=endpoint.rstrip("/") + PATH, session=GuardedSession()
    )
    provider = sdk.TracerProvider(
        sampler=import_module("opentelemetry.sdk.trace.sampling").TraceIdRatioBased(share),
        resource=import_module("opentelemetry.sdk.resources").Resource.create(
            {"service.name": service, "service.namespace": "gatehouse"}
        ),
        id_generator=_id_generator(),
    )
    provider.add_span_processor(export.BatchSpanProcessor(exporter))
    _tracer = provider.get_tracer("gatehouse")


def first_span(message_id: UUID, name: str, seconds: float, now: datetime, **facts: Any) -> None:
    """What the message's trace begins with: its acceptance, which took so long until now."""
    if _tracer is not None:
        token = _message.set(message_id)
        try:
            _write(name, now.timestamp() - seconds, now, _nothing(), facts)
        finally:
            _message.reset(token)


def span(message_id: UUID, name: str, began: datetime, ended: datetime, **facts: Any) -> None:
    """Something that was done about the message. `facts` name slugs and outcomes, nobody's data."""
    if _tracer is not None:
        _write(name, began.timestamp(), ended, _behind(message_id), facts)


def _write(name: str, began: float, ended: datetime, context: Any, facts: dict[str, Any]) -> None:
    if _tracer is None:
        return
    written = _tracer.start_span(
        name, context=context, start_time=int(began * 1e9), attributes=_told(facts)
    )
    written.end(end_time=int(ended.timestamp() * 1e9))


def _told(facts: dict[str, Any]) -> dict[str, str]:
    return {f"gatehouse.{name}": str(value) for name, value in facts.items()}


def _nothing() -> Any:
    return import_module("opentelemetry.context").Context()


def _behind(message_id: UUID) -> Any:
    """A context in which the message's acceptance is what came before."""
    trace = import_module("opentelemetry.trace")
    first = trace.SpanContext(
        trace_id=message_id.int,
        span_id=_first_id(message_id),
        is_remote=True,
        trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED),
    )
    return trace.set_span_in_context(trace.NonRecordingSpan(first), _nothing())


def _first_id(message_id: UUID) -> int:
    return message_id.int & LOW_BITS or 1


def _id_generator() -> Any:
    base = import_module("opentelemetry.sdk.trace.id_generator").RandomIdGenerator

    class Ids(base):  # type: ignore[misc, valid-type]
        """Names the first span of a message, and its trace, by the message."""

        def generate_trace_id(self) -> int:
            message_id = _message.get()
            return int(super().generate_trace_id()) if message_id is None else message_id.int

        def generate_span_id(self) -> int:
            message_id = _message.get()
            return int(super().generate_span_id()) if message_id is None else _first_id(message_id)

    return Ids()
