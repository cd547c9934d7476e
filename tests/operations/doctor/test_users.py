"""Whether users are known, and their addresses open."""

import pytest

from gateway_project.lib.collecting import flush_all
from gateway_project.lib.crypto import Undecryptable
from gateway_project.operations.doctor.calls import call_out
from gateways.config_file.fields import DirectoryField
from tests.factories import EndUserFactory
from tests.operations.doctor.conftest import of_label
from tests.peers import Answer
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


def test_nobody_asked_for_in_vain_is_good(label):
    assert of_label(label, "Missing users").state == "green"


def test_missing_users_are_looked_at_with_what_may_explain_them(label, house):
    known = [EndUserFactory(label=label).ext_user_id for _ in range(5)]
    for name in known:
        house.refusal(ext_user_id=f"smt_{name}", callback_url=None)
    flush_all()
    finding = of_label(label, "Missing users")
    assert finding.state == "yellow"
    assert finding.text == '5 asked for in vain; 5 of the latest 5 are known without "smt_"'
    assert "the label's page" in finding.what_to_do
    assert f"label__id__exact={label.pk}" in finding.listed


def test_missing_users_without_a_clue_are_to_be_brought(label, house):
    house.refusal(ext_user_id="anna", callback_url=None)
    flush_all()
    finding = of_label(label, "Missing users")
    assert (finding.text, "Bring them" in finding.what_to_do) == ("1 asked for in vain", True)


@pytest.fixture
def at_a_directory(label, peer):
    peer.respond = lambda asked: Answer(status=404)
    settings = {"kind": "http", "url": f"{peer.url}/users/{{ext_user_id}}"}
    label.directory = DirectoryField().run_validation(settings)
    label.save()
    EndUser.objects.all().delete()
    return label


def test_a_directory_stands_in_the_place_of_users(at_a_directory):
    assert of_label(at_a_directory, "Directory").state == "yellow"
    call_out(at_a_directory)
    finding = of_label(at_a_directory, "Directory")
    assert (finding.state, finding.text.startswith("answers in ")) == ("green", True)
    with pytest.raises(ValueError, match="unpack"):
        of_label(at_a_directory, "End users")


def test_a_directory_that_is_down_is_a_problem(at_a_directory, peer):
    peer.respond = lambda asked: Answer(status=500)
    call_out(at_a_directory)
    finding = of_label(at_a_directory, "Directory")
    assert (finding.state, finding.text) == ("red", "HTTP 500 (checked just now)")
    assert finding.what_to_do


def test_a_directory_with_a_weakness_is_looked_at(at_a_directory, monkeypatch):
    monkeypatch.setattr("users.directories.checking.SLOW_SECONDS", 0.0)
    call_out(at_a_directory)
    assert of_label(at_a_directory, "Directory").state == "yellow"
