from typing import Any

import pytest
from django.core.exceptions import ValidationError

from gateway_project.lib.vocabulary import Channel, Status
from gateways.providers import imap_box
from gateways.providers.base import GatewayMisconfigured, GatewayUnavailable
from gateways.providers.imap_box import ImapBox
from gateways.providers.mailboxes import Mark
from gateways.providers.registry import validate_config
from gateways.providers.smtp import Smtp
from tests.gateways.providers.mail_peer import mail_peer, self_signed
from tests.imap_server import PASSWORD, USER, imap_server

MAIL = b"From: a@b.example\nSubject: x\n\nx\n"
MAILBOX = {"imap_host": "127.0.0.1", "imap_user": USER, "imap_password": PASSWORD}


def box_at(port: int, **changes: Any) -> ImapBox:
    return ImapBox(MAILBOX | {"imap_port": port, "imap_security": "none"} | changes)


def put_away(box: ImapBox) -> None:
    """Reads what there is, and reads on."""
    first = box.read(Mark(), 10)
    box.read(Mark(validity=first.validity, uid=first.mails[-1].uid), 10)


@pytest.mark.dovecot
def test_folders_are_made_the_way_the_server_names_them():
    with imap_server(separator=".", prefix="INBOX.") as server:
        server.put(MAIL)
        put_away(box_at(server.port))

        assert server.folders() == {"INBOX.Gatehouse.Done": 1}


@pytest.mark.dovecot
def test_a_folder_that_was_made_anew_is_read_from_its_beginning():
    with imap_server() as server:
        server.put(MAIL)
        batch = box_at(server.port).read(Mark(validity=1, uid=99), 10)

        assert [mail.uid for mail in batch.mails] == [1]
        assert server.folders() == {"INBOX": 1}


@pytest.mark.dovecot
def test_only_the_authority_of_the_house_is_trusted(tmp_path):
    _, trusted = self_signed(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    _, stranger = self_signed(other)
    with imap_server(certificate=trusted) as server:
        safe = {"imap_host": "localhost", "imap_security": "starttls"}
        box = box_at(server.port, **safe, imap_authority=trusted.read_text())
        assert box.count() == 0
        for authority in ("", stranger.read_text()):
            with pytest.raises(GatewayMisconfigured) as refused:
                box_at(server.port, **safe, imap_authority=authority).count()
            assert "certificate" in refused.value.detail


@pytest.mark.dovecot
def test_the_connection_check_looks_into_the_mailbox_and_changes_nothing():
    with imap_server() as server, mail_peer() as peer:
        server.put(MAIL)
        here = {"host": "127.0.0.1", "port": peer.port, "security": "none"}
        there = MAILBOX | {"imap_port": server.port, "imap_security": "none"}
        found = Smtp(here | there).check_connection()

        assert "with 1 mails" in found
        assert server.folders() == {"INBOX": 1}
        with pytest.raises(GatewayMisconfigured):
            Smtp(here | there | {"imap_password": "wrong"}).check_connection()


@pytest.mark.dovecot
def test_an_address_inside_the_house_is_not_called_unless_listed(settings):
    with imap_server() as server:
        settings.EGRESS_ALLOW = []
        with pytest.raises(GatewayMisconfigured):
            box_at(server.port).count()


def test_nobody_listening_is_unavailable():
    with mail_peer() as gone:
        pass

    with pytest.raises(GatewayUnavailable):
        box_at(gone.port).count()


def test_a_server_that_speaks_something_else_is_unavailable():
    with mail_peer() as peer, pytest.raises(GatewayUnavailable):
        box_at(peer.port).count()


@pytest.mark.parametrize(
    ("options", "more"),
    [
        ({}, set()),
        ({"track_opens": True}, {Status.OPENED}),
        ({"track_clicks": True}, {Status.CLICKED}),
        ({"list_unsubscribe": True}, {Status.UNSUBSCRIBED}),
        ({"imap_host": "x"}, {Status.FAILED, Status.COMPLAINED, Status.UNSUBSCRIBED}),
    ],
)
def test_an_account_promises_what_it_is_configured_to_tell(options, more):
    reported = Smtp(options).reported(Channel.EMAIL)

    assert reported == {Status.ACCEPTED, Status.REJECTED} | more
    assert reported <= Smtp.reports


@pytest.mark.parametrize(
    "changes",
    [
        {"imap_user": ""},
        {"imap_password": ""},
        {"imap_host": "imap.example", "imap_security": "none"},
        {"imap_host": "imap.example", "imap_security": "ssl"},
    ],
)
def test_a_mailbox_that_cannot_work_is_refused(changes):
    with pytest.raises(ValidationError):
        validate_config(Smtp, {"host": "mail.example"} | MAILBOX | changes)


@pytest.mark.parametrize(("security", "port"), [("tls", 993), ("starttls", 143)])
def test_the_port_follows_the_security_where_none_is_given(security, port):
    config = {"host": "mail.example", "imap_security": security} | MAILBOX

    assert validate_config(Smtp, config)["imap_port"] == port


@pytest.mark.dovecot
def test_what_there_is_no_time_for_is_read_the_next_time(monkeypatch):
    monkeypatch.setattr(imap_box, "seconds_left", lambda: imap_box.READING_SECONDS / 5)
    with imap_server() as server:
        for _ in range(2):
            server.put(MAIL)
        box = box_at(server.port)
        first = box.read(Mark(), 10)
        second = box.read(Mark(validity=first.validity, uid=first.mails[-1].uid), 10)

        assert [[mail.uid for mail in batch.mails] for batch in (first, second)] == [[1], [2]]
