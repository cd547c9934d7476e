"""What every label stands on: database, clock, broker, and the processes that do the work."""

from collections.abc import Iterator

from django.conf import settings
from django.db import connection

from gateway_project.lib.clock import skew_seconds
from gateway_project.operations import health
from gateway_project.operations.doctor.findings import About, Finding
from gateway_project.operations.pulse import alive, missing

SKEW_SECONDS = 2.0

REMEDIES = {
    "database": "See that the database server runs, and that DATABASE_URL is right.",
    "migrations": "Run: manage.py migrate",
    "broker": "See that the broker runs, and that BROKER_URL is right.",
}
COMMANDS = {"worker": "messages are sent and reported", "scheduler": "the clock runs"}


def foundations(about: About) -> Iterator[Finding]:
    """Database, migrations and broker, as the readiness of the web server is found."""
    for name, remedy in REMEDIES.items():
        title = name.capitalize()
        if name == "broker" and not settings.BROKER_URL:
            yield about.note(title, "none is set: the worker looks for itself")
            continue
        found = health.look_at(name)
        if found == health.OK:
            yield about.good(title, "migrated" if name == "migrations" else "reached")
        else:
            yield about.problem(title, found, remedy)


def clock(about: About) -> Iterator[Finding]:
    """This machine's clock against the database's, by which everything is due."""
    if connection.vendor == "sqlite":
        return
    skew = abs(skew_seconds())
    remedy = "Have both machines keep time, by NTP."
    text = f"{skew:.1f} seconds from the database's"
    if skew > health.MOST_SKEW_SECONDS:
        yield about.problem("Clock", text, remedy)
    elif skew > SKEW_SECONDS:
        yield about.attention("Clock", text, remedy)
    else:
        yield about.good("Clock", "the same as the database's")


def processes(about: About) -> Iterator[Finding]:
    for command, purpose in COMMANDS.items():
        count, lacking = alive(command), missing(command)
        if lacking:
            yield about.attention(
                command.capitalize(),
                f"{count} alive, {lacking} missing that should be beside them",
                "Where that stays so, they die time and again: the log says why.",
            )
        elif count:
            yield about.good(command.capitalize(), f"{count} alive: {purpose}")
        else:
            yield about.problem(
                command.capitalize(),
                "none has given a sign of life within half a minute",
                f"Start one: manage.py {command}",
            )
