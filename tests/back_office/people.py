"""One person of each kind, at their browser."""

from enum import StrEnum

from django.contrib.auth.models import Group, User
from django.test import Client

from gateway_project.back_office.roles import ROLES
from gateways.models import Label, StaffLimit, TokenApp

PASSWORD = "a-long-enough-passphrase"
BACKEND = "django.contrib.auth.backends.ModelBackend"


class Person(StrEnum):
    """Who opens a page. Strangers and the unverified are never let in."""

    STRANGER = "stranger"
    NOBODY = "staff without a role"
    SUPPORT = "support"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    UNVERIFIED = "administrator without the second factor"
    ELSEWHERE = "operator of another label"


def person_with(*roles: str, name: str = "", labels: list[Label] | None = None) -> User:
    """Staff with these roles; limited to labels where some are given, or an empty list."""
    person = User.objects.create_user(name or "-".join(roles) or "nobody", is_staff=True)
    person.set_password(PASSWORD)
    person.save()
    person.groups.set([Group.objects.get(name=role) for role in roles])
    if labels is not None:
        StaffLimit.objects.create(user=person).labels.set(labels)
    return person


def browser_of(person: User | None) -> Client:
    """A browser in which this person has logged in; None: nobody has."""
    client = Client()
    if person is not None:
        client.force_login(person, BACKEND)
    return client


def people(another_label: Label) -> dict[Person, Client]:
    """A browser for each kind of person."""
    found = {Person(role): browser_of(person_with(role)) for role in ROLES}
    elsewhere = person_with("operator", name="elsewhere", labels=[another_label])
    unverified = person_with("administrator", name="unverified")
    TokenApp.objects.create(user=unverified, name="telephone")
    return {
        Person.STRANGER: browser_of(None),
        Person.NOBODY: browser_of(person_with()),
        **found,
        Person.UNVERIFIED: browser_of(unverified),
        Person.ELSEWHERE: browser_of(elsewhere),
    }
