"""The chart of the README from a report: `python -m benchmarks.chart [REPORT] [PICTURE]`."""

import json
import sys
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from benchmarks.tables import number
from tests.browser.chromium import chromium

REPORT = Path(__file__).with_name("results") / "latest.json"
PICTURE = Path(__file__).resolve().parent.parent / "docs" / "screenshots" / "performance.png"
CHARTED = ("accept", "send", "send-slow", "both", "loop")
NAMES = {
    "ours": "Gatehouse",
    "usual": "the usual way",
    "kannel": "Kannel",
    "apprise": "Apprise API",
}
"""Whose bars are drawn."""

STYLE = """
body { margin: 0; padding: 24px; width: 752px; font: 14px/1.4 sans-serif; color: #1f2937; }
h2 { font-size: 14px; margin: 18px 0 6px; }
h2:first-child { margin-top: 0; }
div { display: flex; align-items: center; gap: 8px; margin: 3px 0; }
b { font-weight: 400; width: 130px; text-align: right; }
i { display: block; height: 18px; background: #cbd5e1; border-radius: 2px; }
i.ours { background: #0f766e; }
p { color: #6b7280; font-size: 12px; margin: 18px 0 0; }
"""
WIDEST = 520


def page(report: Mapping[str, Any]) -> str:
    drawn = (each for each in report["scenarios"] if each["name"] in CHARTED and each["trials"])
    panels = "".join(map(panel, drawn))
    return f"<style>{STYLE}</style>{panels}<p>{escape(report['machine'])}</p>"


def panel(scenario: Mapping[str, Any]) -> str:
    """One scenario, with a scale of its own."""
    trials = {
        name: measures["rate"]["median"]
        for name, measures in scenario["trials"].items()
        if name in NAMES
    }
    most = max(trials.values())
    bars = (bar(name, rate, rate / most * WIDEST) for name, rate in trials.items())
    return f"<h2>{escape(scenario['title'])}, {scenario['unit']}</h2>{''.join(bars)}"


def bar(name: str, rate: float, width: float) -> str:
    kind = ' class="ours"' if name == "ours" else ""
    return f'<div><b>{NAMES[name]}</b><i{kind} style="width:{width:.0f}px"></i>{number(rate)}</div>'


def main() -> None:
    given = [Path(each) for each in sys.argv[1:]]
    report, picture = given + [REPORT, PICTURE][len(given) :]
    with chromium() as browser:
        tab = browser.new_page(viewport={"width": 800, "height": 100}, device_scale_factor=2)
        tab.set_content(page(json.loads(report.read_text())))
        tab.screenshot(path=picture, full_page=True)


if __name__ == "__main__":
    main()
