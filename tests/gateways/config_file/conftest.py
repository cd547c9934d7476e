from pathlib import Path

import pytest

from gateways.config_file.applying import apply
from gateways.config_file.changes import Change
from gateways.config_file.checking import checked
from gateways.config_file.reading import read

HOUSE = Path(__file__).with_name("house.yaml").read_text(encoding="utf-8")
SECRETS = {
    name: f"canary-{name.lower()}"
    for name in (
        "SMARTICO_SECRET",
        "BRAND_B_SECRET",
        "PLATFORM_SECRET",
        "STATUS_KEY",
        "SMARTICO_API_KEY",
        "HEADER_SECRET",
        "SERVICE_KEY",
        "NOTIFY_SECRET",
        "SMTP_PASSWORD",
        "TENANT",
        "EVENTS_TOKEN",
    )
} | {
    "HOOK_SECRET": "whsec_Y2FuYXJ5LWhvb2s=",
    "OLD_SECRET": "whsec_Y2FuYXJ5LW9sZA==",
}


def applied(text: str, *, dry_run: bool = False, **environment: str) -> list[str]:
    """Applies a file; the lines that say what changed."""
    return [str(change) for change in changes(text, dry_run=dry_run, **environment)]


def changes(text: str, *, dry_run: bool = False, **environment: str) -> list[Change]:
    return apply(checked(read(text, {**SECRETS, **environment})), dry_run=dry_run)


@pytest.fixture
def house(db: None) -> str:
    """The whole house, applied."""
    applied(HOUSE)
    return HOUSE
