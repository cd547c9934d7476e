"""What the dashboard, the alert rules and the document name is what the gateway tells."""

import json
import re

import pytest
import yaml
from django.conf import settings

from gateway_project.lib import metrics
from gateway_project.operations.gauges import DATABASE_UP, GAUGES

DEPLOY = settings.BASE_DIR / "deploy"
DASHBOARD = DEPLOY / "grafana" / "gatehouse.json"
RULES = DEPLOY / "prometheus" / "alerts.yaml"
DOCUMENT = settings.BASE_DIR / "docs" / "observability.md"

COUNTED = [each for each in vars(metrics).values() if hasattr(each, "_labelnames")]
BY_NAME = {
    **{f"{each._name}_total": set(each._labelnames) for each in COUNTED if each._type == "counter"},
    **{each._name: set(each._labelnames) for each in COUNTED if each._type == "histogram"},
    **{gauge.name: set(gauge.labels) for gauge in GAUGES},
    DATABASE_UP: set(),
}
"""The labels of every metric."""
OF_PROMETHEUS = {"le", "instance", "job"}


def board():
    return json.loads(DASHBOARD.read_text())


def rules():
    return yaml.safe_load(RULES.read_text())["groups"][0]["rules"]


def expressions():
    for panel in board()["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))
    yield from (rule["expr"] for rule in rules())


def named_in(text):
    return {re.sub("_(bucket|sum|count)$", "", name) for name in re.findall(r"gatehouse_\w+", text)}


@pytest.mark.parametrize("expression", list(expressions()))
def test_every_metric_that_is_asked_for_exists_with_its_labels(expression):
    named = named_in(expression)
    assert named <= set(BY_NAME)
    known = set().union(OF_PROMETHEUS, *(BY_NAME[name] for name in named))
    groups = re.findall(r"(?:by|ignoring|on) \(([^)]*)\)", expression)
    matched = re.findall(r"[{,]\s*(\w+)\s*(?:=~|!~|!=|=)", expression)
    asked = {label.strip() for group in groups for label in group.split(",")} | set(matched)
    assert asked <= known, asked - known


def test_every_metric_stands_in_the_document_with_its_labels():
    rows = re.findall(r"^\| `(gatehouse_\w+)` \| ([^|]*)\|", DOCUMENT.read_text(), re.MULTILINE)
    told = {name: set(re.findall(r"\w+", labels)) for name, labels in rows}
    assert told == BY_NAME


def test_what_a_person_has_to_look_at_is_on_the_dashboard_or_wakes_somebody():
    shown = set().union(*map(named_in, expressions()))
    by_provider = {name for name, labels in BY_NAME.items() if labels == {"provider"}}
    assert set(BY_NAME) - shown == by_provider


def test_panels_are_told_apart_and_explained():
    panels = board()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(panel.get("description") for panel in panels if panel["type"] != "row")


def test_rules_say_whom_they_wake_and_why():
    names = [rule["alert"] for rule in rules()]
    assert len(set(names)) == len(names)
    for rule in rules():
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"]
