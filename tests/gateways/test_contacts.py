"""Contacts with providers, as the go-live check list knows them."""

import pytest
from django.db import OperationalError

from gateways import contacts
from gateways.contacts import Met, note
from gateways.models import ConfigurationVersion, Contact
from tests.factories import GatewayFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("met", Met)
def test_a_contact_is_noted(met):
    gateway = GatewayFactory()
    note(gateway.pk, met)
    assert getattr(Contact.objects.get(gateway=gateway), met.value) is not None


def test_contacts_are_written_once_a_minute(django_assert_num_queries):
    gateway = GatewayFactory()
    note(gateway.pk, Met.WEBHOOK)
    with django_assert_num_queries(0):
        note(gateway.pk, Met.WEBHOOK)


def test_a_contact_is_no_change_of_the_configuration():
    gateway = GatewayFactory()
    before = ConfigurationVersion.read()
    note(gateway.pk, Met.PROBE)
    assert ConfigurationVersion.read() == before


def test_what_cannot_be_written_is_let_go(monkeypatch):
    def lost(*args, **kwargs):
        raise OperationalError

    monkeypatch.setattr(contacts, "_write", lost)
    note(GatewayFactory().pk, Met.WEBHOOK)
    assert not Contact.objects.exists()
