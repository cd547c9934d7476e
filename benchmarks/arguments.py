"""What a benchmark is told on its command line."""

import sys


def numbers(*usual: int) -> list[int]:
    """As many as are usual: those that are given, then the usual ones."""
    given = [int(text) for text in sys.argv[1:]]
    return [*given, *usual[len(given) :]][: len(usual)]
