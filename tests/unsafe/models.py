from django.db import models


class Guest(models.Model):
    name = models.CharField(max_length=20)
    seat = models.CharField(max_length=20)

    class Meta:
        app_label = "unsafe"

    def __str__(self) -> str:
        return self.name
