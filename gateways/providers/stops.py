"""The words by which people opt out when they answer a message, whatever road it came by."""

STOP_WORDS = frozenset(
    {"stop", "stopall", "stop all", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}
)
"""Those that carriers take for an opt-out, in lower case."""
LONGEST = 100


def says_stop(text: object) -> bool:
    """Whether an answer is one of these words, and nothing else."""
    if not isinstance(text, str) or len(text) > LONGEST:
        return False
    return " ".join(text.casefold().split()).strip(".!\"' ") in STOP_WORDS
