"""The examination: everything that is checked, in its order. It calls nobody but the database."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from gateway_project.lib.clock import database_now
from gateway_project.operations.doctor import (
    audit,
    callbacks,
    capacity,
    gateways,
    house,
    keys,
    labels,
    queues,
    safety,
)
from gateway_project.operations.doctor.alerts import alerts
from gateway_project.operations.doctor.findings import (
    WORDS,
    About,
    Finding,
    State,
    whatever_happens,
    worst,
)
from gateway_project.operations.doctor.opt_outs import opt_outs
from gateway_project.operations.doctor.routes import routes
from gateway_project.operations.doctor.users import missing_users, users_of
from gateways import configuration
from gateways.models import Brand, Contact, Gateway, Label, LabelContact


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The findings about one subject."""

    subject: str
    findings: tuple[Finding, ...]

    @property
    def state(self) -> State:
        """That of the worst line; a note among good ones takes nothing from them."""
        found = worst(self.findings)
        is_good = any(finding.state == State.GREEN for finding in self.findings)
        return State.GREEN if found == State.GREY and is_good else found

    @property
    def word(self) -> str:
        return WORDS[self.state]

    @property
    def needs_a_look(self) -> bool:
        return self.state in (State.YELLOW, State.RED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found about the house, or about one label."""

    title: str
    label_id: int | None = None
    groups: tuple[Group, ...]

    @property
    def findings(self) -> list[Finding]:
        return [finding for group in self.groups for finding in group.findings]

    @property
    def state(self) -> State:
        found = worst(self.findings)
        return State.GREEN if found == State.GREY else found

    @property
    def counts(self) -> Counter[State]:
        return Counter(finding.state for finding in self.findings)

    @property
    def summary(self) -> str:
        """Like "2 problems, 1 to look at"."""
        problems, looks = self.counts[State.RED], self.counts[State.YELLOW]
        parts = [f"{problems} problem{'s' if problems > 1 else ''}"] if problems else []
        parts += [f"{looks} to look at"] if looks else []
        return ", ".join(parts) or WORDS[State.GREEN]


def examine_house() -> Report:
    """What concerns all labels. Where the database is gone, what else can be said without it."""
    about, wall, kept = About("What everything stands on"), About("Safety"), About("Key ring")
    written = About("Audit")
    found = [*whatever_happens(about, [partial(house.foundations, about)])]
    stands = worst(found) != State.RED
    if stands:
        checks: list[Callable[[], Iterable[Finding]]] = [
            partial(house.processes, about),
            lambda: queues.queues(about, database_now()),
            partial(house.clock, about),
            partial(capacity.connections, about),
        ]
        found += whatever_happens(about, checks)
    wards = [partial(safety.safety, wall), partial(safety.second_factors, wall)]
    found += whatever_happens(wall, wards)
    if stands:
        found += whatever_happens(kept, [partial(keys.ring, kept)])
        found += whatever_happens(written, [lambda: audit.audit(written, database_now())])
    return Report(title="The house", groups=_grouped(found))


def examine(label: Label) -> Report:
    """What concerns this label and its gateways."""
    now, values = database_now(), configuration.current_with(label).labels[label.pk]
    about, way = About("Label"), About("Users and routes")
    contact = LabelContact.objects.filter(label=label).first()
    brands = list(Brand.objects.filter(label=label, is_active=True).order_by("pk"))
    found = [
        *whatever_happens(
            about,
            [
                lambda: labels.sending(about, label),
                lambda: labels.keys_of(about, label, now),
                lambda: [labels.caller_addresses(about, label)],
                lambda: labels.callback_settings(about, label),
                lambda: [callbacks.callback(about, values, contact, now)],
                lambda: opt_outs(about, label, values, now),
                lambda: [alerts(about, label, contact, now)],
            ],
        ),
        *whatever_happens(
            way,
            [
                lambda: users_of(way, values, now),
                lambda: missing_users(way, values),
                lambda: routes(way, values, brands),
            ],
        ),
        *_of_gateways(label),
    ]
    return Report(title=label.name, label_id=label.pk, groups=_grouped(found))


def _of_gateways(label: Label) -> Iterable[Finding]:
    now = database_now()
    contacts = {contact.pk: contact for contact in Contact.objects.filter(gateway__label=label)}
    for row in Gateway.objects.filter(label=label).order_by("pk"):
        check = partial(gateways.gateway, row, contacts.get(row.pk), now)
        yield from whatever_happens(About(row.name), [check])


def _grouped(findings: Sequence[Finding]) -> tuple[Group, ...]:
    return tuple(
        Group(subject=subject, findings=tuple(alike))
        for subject, alike in groupby(findings, key=lambda finding: finding.subject)
    )
