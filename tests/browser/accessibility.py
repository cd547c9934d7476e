"""What axe-core finds on a page, less what lies in the theme and cannot be mended from outside."""

from collections.abc import Mapping
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

GRAVE = frozenset({"serious", "critical"})
COLOURS_ONLY = {"resultTypes": ["violations"], "runOnly": ["color-contrast"]}
ALL_BUT_COLOURS = {
    "resultTypes": ["violations"],
    "rules": {"color-contrast": {"enabled": False}},
}
ALL = {"resultTypes": ["violations"]}
LIKE_THOSE_ABOVE = {"exclude": [["#result_list tbody:nth-of-type(n+7)"], ["tr:nth-child(n+7)"]]}
"""Rows that look like the rows before them; each would be measured again."""

THEMES_OWN: Mapping[tuple[str, str], str] = {
    ("aria-prohibited-attr", ".help-tooltip"): "Django's script for two lists beside each other",
}
"""By rule and a part of the element's selector: why it stays as it is."""


def findings(page: Page, options: Mapping[str, Any] = ALL) -> list[str]:
    """The grave findings, one line for each element."""
    report = Axe().run(page, LIKE_THOSE_ABOVE, dict(options)).response
    return [
        f"{violation['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for violation in report["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
        if not _is_the_themes(violation["id"], node)
    ]


def _is_the_themes(rule: str, node: Mapping[str, Any]) -> bool:
    target = " ".join(map(str, node["target"]))
    return any(rule == known and part in target for known, part in THEMES_OWN)
