"""Custom IM templates: the named schemas of `extension`."""

from django.db import models

from gateways.models.label import NAME_LENGTH, Label
from gateways.models.version import Versioned


class FieldType(models.TextChoices):
    """The four kinds of field Smartico can be asked for."""

    TEXT = "text"
    CHOICE = "choice"
    BOOLEAN = "boolean"
    MEDIA = "media"


class Template(Versioned):
    """A Custom IM template of a label."""

    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="templates")
    slug = models.SlugField(max_length=64)
    name = models.CharField(max_length=NAME_LENGTH)
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["label", "slug"], name="template_slug_in_label"),
        ]

    def __str__(self) -> str:
        return self.name


class TemplateField(Versioned):
    """One field of a template, in the order in which it is shown."""

    template = models.ForeignKey(Template, on_delete=models.CASCADE, related_name="fields")
    position = models.PositiveSmallIntegerField(default=0)
    name = models.CharField(max_length=64)
    type = models.CharField(max_length=8, choices=FieldType.choices, default=FieldType.TEXT)
    required = models.BooleanField(default=False)
    choices = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["template", "name"], name="field_name_in_template"),
        ]

    def __str__(self) -> str:
        return self.name
