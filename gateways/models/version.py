"""The number that tells every process its configuration snapshot is out of date."""

from typing import Any, TypeVar

from django.db import models
from django.db.models import F

from gateway_project.lib.draining import skipping_locked
from gateways.signals import configuration_changed

Row = TypeVar("Row", bound=models.Model)


class ConfigurationVersion(models.Model):
    """One row; raised in the transaction of every change to the configuration."""

    number = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = "configuration version"

    def __str__(self) -> str:
        return str(self.number)

    @classmethod
    def raise_by_one(cls) -> None:
        if not cls.objects.filter(pk=1).update(number=F("number") + 1):
            cls.objects.get_or_create(pk=1, defaults={"number": 1})
        configuration_changed.send(cls)

    @classmethod
    def take_if_free(cls) -> bool:
        """Whether nobody is changing the configuration just now; nobody else will until this
        transaction ends. Waits for nobody."""
        return skipping_locked(cls.objects.filter(pk=1)).first() is not None

    @classmethod
    def read(cls) -> int:
        return cls.objects.filter(pk=1).values_list("number", flat=True).first() or 0


class VersionedQuerySet(models.QuerySet[Row]):
    """A queryset whose bulk writes are seen by every process, as `save()` is."""

    def update(self, **kwargs: Any) -> int:
        changed = super().update(**kwargs)
        ConfigurationVersion.raise_by_one()
        return changed

    def bulk_create(self, *args: Any, **kwargs: Any) -> Any:
        created = super().bulk_create(*args, **kwargs)
        ConfigurationVersion.raise_by_one()
        return created

    def delete(self) -> tuple[int, dict[str, int]]:
        deleted = super().delete()
        ConfigurationVersion.raise_by_one()
        return deleted

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


VersionedManager = models.Manager.from_queryset(VersionedQuerySet)


class Versioned(models.Model):
    """A model that belongs to the configuration."""

    objects = VersionedManager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        ConfigurationVersion.raise_by_one()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        deleted = super().delete(*args, **kwargs)
        ConfigurationVersion.raise_by_one()
        return deleted
