import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('gateways', '0001_initial'),
        ('messages_app', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Booking',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('label_id', models.BigIntegerField()),
                ('day', models.DateField()),
                ('channel', models.CharField(max_length=16)),
                ('status', models.CharField(max_length=16)),
                ('standing', models.CharField(choices=[('quiet', 'Not reported: a lower rung learnt late, or a machine'), ('unwanted', 'Not wanted by the label, or no callback_url'), ('owed', 'Owed'), ('acknowledged', 'Acknowledged'), ('mismatch', 'Mismatch'), ('dead', 'Dead')], max_length=12)),
                ('count', models.BigIntegerField(help_text='Less than none where more has left than come.')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Mailbox',
            fields=[
                ('gateway', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to='gateways.gateway')),
                ('due_at', models.DateTimeField()),
                ('validity', models.PositiveBigIntegerField(default=0, help_text="The folder's UIDVALIDITY.")),
                ('read_uid', models.PositiveBigIntegerField(default=0, help_text='The last mail written down.')),
                ('unread_uids', models.JSONField(default=list, help_text='Mails of the last reading that were not understood.')),
                ('read_at', models.DateTimeField(null=True)),
                ('failures', models.PositiveIntegerField(default=0, help_text='In a row.')),
                ('problem', models.CharField(blank=True, max_length=500)),
            ],
            options={
                'verbose_name_plural': 'mailboxes',
            },
        ),
        migrations.CreateModel(
            name='CallbackDelivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('host', models.CharField(help_text='Where the callback goes; its own lane.', max_length=260)),
                ('status', models.CharField(choices=[('accepted', 'Accepted'), ('delivered', 'Delivered'), ('failed', 'Failed'), ('rejected', 'Rejected'), ('complained', 'Complained'), ('opened', 'Opened'), ('unsubscribed', 'Unsubscribed'), ('clicked', 'Clicked')], max_length=16)),
                ('settlement', models.CharField(choices=[('owed', 'Owed'), ('acknowledged', 'Acknowledged'), ('mismatch', 'Not known at Smartico'), ('dead', 'Out of tries')], default='owed', max_length=12)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('times_not_found', models.PositiveSmallIntegerField(default=0, help_text='How often Smartico did not know the message.')),
                ('due_at', models.DateTimeField()),
                ('lease_until', models.DateTimeField(null=True)),
                ('lease', models.UUIDField(null=True)),
                ('created_at', models.DateTimeField()),
                ('first_failed_at', models.DateTimeField(null=True)),
                ('settled_at', models.DateTimeField(null=True)),
                ('label', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='gateways.label')),
                ('message', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='callback_deliveries', to='messages_app.message')),
            ],
            options={
                'verbose_name_plural': 'callback deliveries',
                'permissions': [('replay_callbackdelivery', 'Can replay callbacks')],
            },
        ),
        migrations.CreateModel(
            name='DayCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('label_id', models.BigIntegerField()),
                ('day', models.DateField()),
                ('channel', models.CharField(max_length=16)),
                ('status', models.CharField(max_length=16)),
                ('standing', models.CharField(choices=[('quiet', 'Not reported: a lower rung learnt late, or a machine'), ('unwanted', 'Not wanted by the label, or no callback_url'), ('owed', 'Owed'), ('acknowledged', 'Acknowledged'), ('mismatch', 'Mismatch'), ('dead', 'Dead')], max_length=12)),
                ('count', models.BigIntegerField(help_text='Less than none where more has left than come.')),
            ],
            options={
                'indexes': [models.Index(fields=['day'], name='day_count_by_day')],
                'constraints': [models.UniqueConstraint(fields=('label_id', 'day', 'channel', 'status', 'standing'), name='day_count_once')],
            },
        ),
        migrations.CreateModel(
            name='DeliveryAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('started_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField()),
                ('http_status', models.PositiveSmallIntegerField(null=True)),
                ('outcome', models.CharField(max_length=32)),
                ('detail', models.CharField(blank=True, max_length=500)),
                ('delivery', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='delivery_attempts', to='callbacks.callbackdelivery')),
            ],
        ),
        migrations.AddIndex(
            model_name='callbackdelivery',
            index=models.Index(condition=models.Q(('settlement', 'owed')), fields=['label', 'host', 'due_at', 'id'], name='callback_due'),
        ),
        migrations.AddIndex(
            model_name='callbackdelivery',
            index=models.Index(condition=models.Q(('settlement', 'owed')), fields=['label', 'due_at'], name='callback_longest_due'),
        ),
        migrations.AddIndex(
            model_name='callbackdelivery',
            index=models.Index(condition=models.Q(('settlement__in', ('mismatch', 'dead'))), fields=['label'], name='callback_unheard'),
        ),
        migrations.AddConstraint(
            model_name='callbackdelivery',
            constraint=models.UniqueConstraint(fields=('message', 'status'), name='status_owed_once'),
        ),
    ]
