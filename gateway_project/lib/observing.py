"""What a long-running process tells the operations, set going once, before its work begins."""

from importlib.util import find_spec

from django.conf import settings

from gateway_project.lib import fault_reports, shared_counts, tracing


def begin(service: str) -> None:
    """`service` is the command that the process runs. What is not set up costs nothing."""
    shared_counts.share(settings.METRICS_DIR)
    if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        tracing.begin(
            settings.OTEL_EXPORTER_OTLP_ENDPOINT, service=service, share=settings.TRACED_SHARE
        )
    if settings.SENTRY_DSN:
        fault_reports.begin(settings.SENTRY_DSN, environment=settings.ENVIRONMENT)


def not_installed() -> list[str]:
    """The settings whose packages are missing."""
    wanted = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": tracing.PACKAGES,
        "SENTRY_DSN": fault_reports.PACKAGES,
    }
    return [
        name
        for name, packages in wanted.items()
        if getattr(settings, name) and not all(map(_is_there, packages))
    ]


def _is_there(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False
