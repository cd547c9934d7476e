"""How long texts may be that more than one table holds."""

DETAIL_LENGTH = 500
PROVIDER_ID_LENGTH = 255
WORD_LENGTH = 100
CAUSE_LENGTH = 24
