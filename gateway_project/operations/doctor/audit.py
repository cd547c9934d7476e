"""Whether the audit stands as it was written, and is looked after."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from gateway_project.lib.append_only import is_guarded, strangers
from gateway_project.operations.doctor.ages import ago, length
from gateway_project.operations.doctor.findings import About, Finding
from gateways.audit_chain.sealing import last_seal
from gateways.audit_chain.standing import EVERY, last_verification, waits_since
from gateways.models import AuditEntry, AuditSeal

OVERDUE = 2 * EVERY
START = "Start a scheduler: it seals every second and verifies once a day."


def audit(about: About, now: datetime) -> Iterator[Finding]:
    yield fence(about)
    yield chain(about, now)
    yield from seals(about, now)


def fence(about: About) -> Finding:
    """Whether the database itself refuses to change entries."""
    others = sorted(strangers(AuditEntry) | strangers(AuditSeal))
    if others:
        return about.problem(
            "Tables",
            f"somebody's own triggers or rules stand on them: {', '.join(others)}",
            "They may change entries or lose them. Find out whose they are, and drop them.",
        )
    if not all(map(is_guarded, (AuditEntry, AuditSeal))):
        return about.problem(
            "Tables",
            "the database would let entries be changed",
            "Run: manage.py migrate. Then find out who took the triggers down: verify_audit",
        )
    return about.good("Tables", "the database only adds to them")


def chain(about: About, now: datetime) -> Finding:
    """What the last verification found."""
    last = last_verification()
    if last is None:
        if last_seal() is None:
            return about.note("Chain", "nothing is written down yet")
        return about.attention("Chain", "never verified", START)
    if not last.is_whole:
        remedy = "Compare with a backup, and run: manage.py verify_audit"
        return about.problem("Chain", f"{last.problem} (found {ago(last.at, now)})", remedy)
    entries = "1 entry" if last.count == 1 else f"{last.count:,} entries"
    text = f"whole, {entries}, verified {ago(last.at, now)}"
    if now - last.at > OVERDUE:
        return about.attention("Chain", text, START)
    return about.good("Chain", text)


def seals(about: About, now: datetime) -> Iterator[Finding]:
    since = waits_since(now)
    if since is not None:
        late = length(now - since) or length(timedelta(minutes=1))
        yield about.attention("Seals", f"an entry has waited for {late}", START)
