"""The whole house, in the order in which its rows need each other."""

import random
from datetime import UTC, datetime
from pathlib import Path

from gateways.config_file.applying import apply
from gateways.config_file.checking import checked
from gateways.config_file.reading import read
from tests.realistic.figures import add_figures
from tests.realistic.people import add_end_users, add_suppressions
from tests.realistic.setup import add_contacts, add_inbox, age, begin_gateway, bring_trouble
from tests.realistic.staff import add_deeds, add_staff
from tests.realistic.traffic import add_messages

HOUSE = Path(__file__).with_name("house.yaml")
SEED = 3


def build(*, end_users: int = 500, messages: int = 5_000) -> None:
    """Fills an empty database: two labels, five brands, twenty gateways, and a week of traffic."""
    rng, now = random.Random(SEED), datetime.now(UTC)
    apply(checked(read(HOUSE.read_text(), {})))
    age(now)
    add_contacts(now)
    users = add_end_users(rng, end_users)
    add_suppressions(rng, users, now)
    add_messages(rng, users, messages, now)
    add_inbox(rng, now)
    bring_trouble(now)
    add_deeds(rng, add_staff(), now)
    begin_gateway()
    add_figures(rng, now)
