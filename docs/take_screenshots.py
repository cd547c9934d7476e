"""Takes the pictures of the README anew: `make screenshots`.

Builds the tests' realistic house, serves it, and photographs its pages with Chromium.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.browser.chromium import chromium
from tests.realistic.serving import Served, served

PICTURES = Path(__file__).with_name("screenshots")
DESK, PHONE = (1400, 900), (390, 844)
PUBLIC_URL = "https://gateway.bluefinch.example"
WIZARD = "gateways/gateway/<int:pk>/wizard/{}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """`show` brings the page to where it is photographed."""

    name: str
    show: Callable[[Page, Served], None]
    size: tuple[int, int] = DESK
    is_dark: bool = False


def dashboard(page: Page, house: Served) -> None:
    page.goto(house.paths[""])
    page.locator("canvas").first.wait_for()


def timeline(page: Page, house: Served) -> None:
    page.goto(house.message)


def route_explainer(page: Page, house: Served) -> None:
    page.goto(house.paths["routes/"])
    page.get_by_label("User id").fill(house.ext_user_id)
    page.get_by_role("button", name="Explain").click()
    page.get_by_text("wins").first.wait_for()


def conditions(page: Page, house: Served) -> None:
    """With a change, so that it is told what that would have moved."""
    page.goto(house.paths[WIZARD.format("conditions")])
    page.get_by_label("Only where country is").fill("PL\nFI\nSE")
    with page.expect_response("**/route-impact/**"):
        page.locator("select[name=brand]").select_option(label="Bluefinch Sport")
    page.locator("#impact").get_by_text("moved").first.wait_for()


def wizard(step: str) -> Callable[[Page, Served], None]:
    def show(page: Page, house: Served) -> None:
        page.goto(house.paths[WIZARD.format(step)])

    return show


ALBUM = (
    Picture(name="dashboard", show=dashboard),
    Picture(name="dashboard-dark", show=dashboard, is_dark=True),
    Picture(name="wizard-1-conditions", show=conditions),
    Picture(name="wizard-2-authentication", show=wizard("access")),
    Picture(name="wizard-3-from", show=wizard("from")),
    Picture(name="timeline", show=timeline),
    Picture(name="timeline-phone", show=timeline, size=PHONE),
    Picture(name="route-explainer", show=route_explainer),
)


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data_dir,
        served(Path(data_dir), PUBLIC_URL=PUBLIC_URL) as house,
        chromium() as browser,
    ):
        for picture in ALBUM:
            take(picture, browser, house)


def take(picture: Picture, browser: Browser, house: Served) -> None:
    width, height = picture.size
    context = browser.new_context(
        base_url=house.url,
        viewport={"width": width, "height": height},
        color_scheme="dark" if picture.is_dark else "light",
        reduced_motion="reduce",
    )
    context.add_cookies([house.cookie()])  # type: ignore[list-item]
    page = context.new_page()
    picture.show(page, house)
    page.evaluate("document.fonts.ready")
    page.screenshot(path=PICTURES / f"{picture.name}.png", animations="disabled")
    context.close()


if __name__ == "__main__":
    main()
