import django.db.models.deletion
import gateway_project.lib.fields
import gateway_project.lib.identifiers
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('gateways', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='EndUser',
            fields=[
                ('id', models.UUIDField(default=gateway_project.lib.identifiers.new_id, editable=False, primary_key=True, serialize=False)),
                ('ext_user_id', models.CharField(max_length=255)),
                ('properties', models.JSONField(blank=True, default=dict)),
                ('email', gateway_project.lib.fields.SealedTextField(editable=False, null=True)),
                ('email_index', gateway_project.lib.fields.BlindIndexField()),
                ('phone', gateway_project.lib.fields.SealedTextField(editable=False, null=True)),
                ('phone_index', gateway_project.lib.fields.BlindIndexField()),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('brand', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='gateways.brand')),
                ('label', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='end_users', to='gateways.label')),
            ],
            options={
                'permissions': [('reveal_enduser', 'Can reveal addresses, with a reason')],
                'indexes': [models.Index(condition=models.Q(('email_index__isnull', False)), fields=['label', 'email_index'], name='end_user_by_email'), models.Index(condition=models.Q(('phone_index__isnull', False)), fields=['label', 'phone_index'], name='end_user_by_phone')],
                'constraints': [models.UniqueConstraint(fields=('label', 'ext_user_id'), name='end_user_in_label')],
            },
        ),
        migrations.CreateModel(
            name='MissingUser',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ext_user_id', models.CharField(blank=True, help_text='Empty: those that are not listed.', max_length=255)),
                ('times', models.PositiveIntegerField()),
                ('first_asked_at', models.DateTimeField()),
                ('last_asked_at', models.DateTimeField()),
                ('brand', models.ForeignKey(help_text='Of the key that asked.', null=True, on_delete=django.db.models.deletion.CASCADE, to='gateways.brand')),
                ('label', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='gateways.label')),
            ],
            options={
                'indexes': [models.Index(fields=['label', 'first_asked_at'], name='missing_user_by_time'), models.Index(fields=['last_asked_at'], name='missing_user_by_age')],
                'constraints': [models.UniqueConstraint(fields=('label', 'ext_user_id'), name='missing_user_in_label')],
            },
        ),
        migrations.CreateModel(
            name='Suppression',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=[('email', 'E-mail'), ('sms', 'SMS'), ('viber', 'Viber'), ('whatsapp', 'WhatsApp'), ('rcs', 'RCS'), ('custom_im', 'Custom IM')], max_length=16)),
                ('address_index', models.CharField(max_length=64)),
                ('reason', models.CharField(max_length=64)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('label', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='gateways.label')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('label', 'channel', 'address_index'), name='suppression_of_address')],
            },
        ),
    ]
