from django.db import migrations

from tests.unsafe import PLANNED


class Migration(migrations.Migration):
    dependencies = [("unsafe", "0001_initial")]
    operations = [*PLANNED]
