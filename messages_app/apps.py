from django.apps import AppConfig


class MessagesAppConfig(AppConfig):
    name = "messages_app"
    verbose_name = "Messages"

    def ready(self) -> None:
        from messages_app import erasure, exporting, freshness, tasks  # noqa: F401  they register themselves
        from messages_app.counting import messages  # noqa: F401  as does this
        from messages_app.relaying import erasure as erased_relays  # noqa: F401  and these
        from messages_app.relaying import exporting as exported_relays  # noqa: F401
        from messages_app.relaying import owing  # noqa: F401
