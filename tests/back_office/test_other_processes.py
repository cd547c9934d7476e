"""A row that another process has made a moment ago is on every page at once."""

import pytest

from gateways import configuration
from tests.back_office.people import browser_of, person_with
from tests.factories import GatewayFactory


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "gateways/label/{label}/sheet/"),
        ("post", "be-smartico/{label}/"),
        ("get", "test-send/{gateway}/"),
        ("post", "test-send/{gateway}/"),
        ("get", "health/"),
        ("post", "health/{label}/check/"),
    ],
)
def test_a_new_label_and_its_gateway_are_known(db, monkeypatch, method, path):
    operator = browser_of(person_with("operator"))
    before = configuration.current()
    gateway = GatewayFactory()
    monkeypatch.setattr(configuration._snapshot, "kept", before)
    monkeypatch.setattr(configuration._snapshot, "looked_at", float("inf"))
    url = f"/admin/{path.format(label=gateway.label.pk, gateway=gateway.pk)}"
    typed = {"ext_user_id": "nobody", "body": "b"} if method == "post" else {}
    assert getattr(operator, method)(url, typed).status_code in (200, 302)
