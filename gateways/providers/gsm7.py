"""The GSM 7-bit default alphabet and its extension (3GPP TS 23.038, 6.2.1)."""

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "\f^{}\\[~]|€"
ALPHABET = frozenset(BASIC + EXTENSION)


def is_gsm7(text: str) -> bool:
    """Whether a handset can be sent this text without UCS-2."""
    return ALPHABET.issuperset(text)
