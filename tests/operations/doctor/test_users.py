"""Whether users are known, and their addresses open."""

from gateway_project.lib.crypto import Undecryptable
from tests.factories import EndUserFactory
from tests.operations.doctor.conftest import of_label
from users.models import EndUser


def test_a_user_is_found_for_each_channel(label):
    assert of_label(label, "A user for E-mail").state == "green"
    assert of_label(label, "A user for SMS").state == "green"
    assert of_label(label, "A user for Custom IM").state == "green"


def test_no_users_are_a_problem(label):
    EndUser.objects.all().delete()
    assert of_label(label, "End users").state == "red"


def test_a_channel_that_reaches_nobody_is_looked_at(label, house):
    house.user.delete()
    EndUserFactory(label=label, phone=None)
    assert of_label(label, "A user for E-mail").state == "green"
    assert of_label(label, "A user for SMS").state == "yellow"


def test_an_address_that_does_not_open_is_a_problem(label, monkeypatch):
    def shut(self, channel):
        raise Undecryptable

    monkeypatch.setattr(EndUser, "address", shut)
    finding = of_label(label, "A user for SMS")
    assert finding.state == "red"
    assert "PII_KEYS" in finding.what_to_do


def test_no_address_is_shown(label, house):
    for channel in ("E-mail", "SMS"):
        finding = of_label(label, f"A user for {channel}")
        assert house.user.email.reveal() not in str(finding)
        assert house.user.phone.reveal() not in str(finding)
