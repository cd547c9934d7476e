"""The usual way, to be beaten: a DRF serializer, the ORM, and a Celery task for each message.

Written as a good Django programmer writes it on a quiet day: nothing is slowed down, and the keys
and the gateway are kept in memory. Its message is accepted and sent with the same checks.
"""
