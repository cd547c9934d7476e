"""A house in good health, to make ill in one place at a time."""

from collections.abc import Iterator

import pytest

from gateway_project.operations.doctor.examination import Report, examine, examine_house
from gateway_project.operations.doctor.findings import Finding
from gateways import configuration
from gateways.models import Label
from tests.callbacks.conftest import smartico
from tests.messages_app.house import House, build_house
from tests.peers import Answer, HttpPeer, http_peer


@pytest.fixture
def peer() -> Iterator[HttpPeer]:
    """The label's Smartico; it does not know what it is asked about."""
    not_found = {"error_code": 1, "error_message": "email was not found"}
    with http_peer(lambda asked: Answer(body=not_found)) as peer:
        yield peer


@pytest.fixture
def house(db, peer) -> House:
    return build_house(callback_hosts=[peer.url], callback_url=f"{peer.url}/canary-path")


@pytest.fixture
def label(house) -> Label:
    return house.label


def found(report: Report, name: str, subject: str = "") -> Finding:
    """The one line of this name."""
    (finding,) = [
        finding
        for finding in report.findings
        if finding.name == name and finding.subject.startswith(subject)
    ]
    return finding


def of_label(label: Label, name: str, subject: str = "") -> Finding:
    configuration.forget_now()
    return found(examine(Label.objects.get(pk=label.pk)), name, subject)


def of_house(name: str) -> Finding:
    return found(examine_house(), name)


__all__ = ["found", "house", "label", "of_house", "of_label", "peer", "smartico"]
