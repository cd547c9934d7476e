"""What this floor tells the one above it."""

from django.dispatch import Signal

end_users_erased = Signal()
"""Sent inside the erasing transaction with `end_user_ids`, a list, before the rows are gone."""

end_users_changed = Signal()
"""Sent inside the transaction with `label_id` and `end_users`, a list of rows as they were just
written: those that are new, and those whose addresses, brand or properties are others now."""

addresses_suppressed = Signal()
"""Sent inside the transaction with `label_id`, `channel`, `address_indexes`, a list of those that
were not suppressed before, `told_by`, the id of the gateway that told us or None, and `addresses`,
the plain ones by their index as far as the caller had them."""

addresses_lifted = Signal()
"""Sent inside the transaction with `label_id`, `channel`, `address_indexes`, a list of those that
were suppressed until now, and `told_by` and `addresses` as above."""
