"""End users with invented names at example domains, and addresses that are not written to."""

import random
from datetime import datetime, timedelta

from gateway_project.lib.vocabulary import Channel
from gateways.models import Brand
from users.models import EndUser, Suppression

FIRST = ("ada", "bela", "cyra", "dorian", "edda", "falk", "gesa", "hanno", "ilka", "jorun", "kaja")
LAST = ("abend", "birkholm", "corvin", "dalgaard", "elmgren", "farrow", "grauwald", "hollin")
DIALLING = {"DE": "49151", "AT": "43660", "SE": "4670", "FI": "35840", "NO": "479", "PL": "4850"}
COUNTRIES = ("DE", "DE", "DE", "AT", "SE", "SE", "FI", "NO", "PL")
TIERS = ("", "", "bronze", "silver", "gold", "platinum")
SHARE_OF_BRAND = {"casino": 5, "sport": 3, "marbleday": 2, "trade": 3, "pro": 1}
REASONS = ("unsubscribed", "unsubscribed", "complained", "hard_bounce", "platform")


def add_end_users(rng: random.Random, count: int) -> list[EndUser]:
    """Most have both addresses, some only one; they are saved in one statement."""
    brands = {brand.slug: brand for brand in Brand.objects.select_related("label")}
    slugs = rng.choices(list(SHARE_OF_BRAND), list(SHARE_OF_BRAND.values()), k=count)
    users = [_end_user(rng, number, brands[slug]) for number, slug in enumerate(slugs)]
    EndUser.objects.bulk_create(users)
    return users


def _end_user(rng: random.Random, number: int, brand: Brand) -> EndUser:
    country = rng.choice(COUNTRIES)
    name = f"{rng.choice(FIRST)}.{rng.choice(LAST)}{number}"
    digits = f"{rng.randrange(10**6):06d}" if country in ("AT", "NO") else f"{number:07d}"
    missing = rng.random()
    return EndUser(
        label=brand.label,
        brand=brand,
        ext_user_id=f"{brand.slug[:2]}{710_000 + number * 37}",
        properties={"country": country, "tier": rng.choice(TIERS)},
        email=None if missing < 0.04 else f"{name}@mail.example",
        phone=None if missing > 0.92 else f"+{DIALLING[country]}{digits}",
    )


def add_suppressions(rng: random.Random, users: list[EndUser], now: datetime) -> None:
    chosen = rng.sample(users, k=max(1, len(users) // 20))
    rows = [row for user in chosen if (row := _suppression(rng, user)).address_index]
    Suppression.objects.bulk_create(rows)
    for row in rows:  # their moment is set by the database at the creation
        row.created_at = now - timedelta(days=rng.random() * 60)
    Suppression.objects.bulk_update(rows, ["created_at"])


def _suppression(rng: random.Random, user: EndUser) -> Suppression:
    channel = rng.choice((Channel.EMAIL, Channel.EMAIL, Channel.SMS))
    return Suppression(
        label_id=user.label_id,
        channel=channel,
        address_index=user.address_index(channel) or "",
        reason=rng.choice(REASONS),
    )
