"""Every kind of alert has its words, and its row in the documentation."""

import re

from django.conf import settings

from gateway_project.operations.alerts.words import WORDS
from gateways.models import AlertKind

DOCUMENT = settings.BASE_DIR / "docs" / "observability.md"


def test_every_kind_has_words():
    assert set(WORDS) == set(AlertKind)


def test_every_kind_is_documented_and_no_other():
    _, alerts = DOCUMENT.read_text(encoding="utf-8").split("\n## Alerts\n")
    rows = re.findall(r"^\| `(\w+)` \|", alerts.split("\n## ")[0], flags=re.MULTILINE)
    assert sorted(rows) == sorted(AlertKind.values)
