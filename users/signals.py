"""What this floor tells the one above it."""

from django.dispatch import Signal

end_users_erased = Signal()
"""Sent inside the erasing transaction with `end_user_ids`, a list, before the rows are gone, and
`with_suppressions`, whether the indexes of their addresses go as well. Who listens may answer how
many rows of what kind it has removed, by user."""

end_users_changed = Signal()
"""Sent inside the transaction with `label_id` and `end_users`, a list of rows as they were just
written: those that are new, and those whose addresses, brand or properties are others now."""

addresses_suppressed = Signal()
"""Sent inside the transaction with `label_id`, `channel`, `address_indexes`, a list of those that
were not suppressed before, `reason`, `told_by`, the id of the gateway that told us or None,
`by_platform`, whether the platform itself has said so, and `addresses`, the plain ones by their
index as far as the caller had them."""

addresses_lifted = Signal()
"""Sent inside the transaction with `label_id`, `channel`, `address_indexes`, a list of those that
were suppressed until now, and the rest as above but for the reason."""

end_user_exported = Signal()
"""Sent with `end_user`, whose data somebody may read. Who listens answers sections of the export:
a mapping of their names to JSON values, in which no other person is named."""

end_users_refreshed = Signal()
"""Sent inside the transaction with `end_user_ids` of those whose directory has just been asked."""
