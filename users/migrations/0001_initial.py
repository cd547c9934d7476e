import django.db.models.deletion
import gateway_project.lib.fields
import gateway_project.lib.identifiers
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('gateways', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DirectoryCheck',
            fields=[
                ('label', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to='gateways.label')),
                ('checked_at', models.DateTimeField()),
                ('works', models.BooleanField()),
                ('found', models.CharField(max_length=300)),
                ('to_do', models.CharField(blank=True, max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name='ImportRun',
            fields=[
                ('id', models.UUIDField(default=gateway_project.lib.identifiers.new_id, editable=False, primary_key=True, serialize=False)),
                ('file_name', models.CharField(help_text='Scrubbed.', max_length=200, verbose_name='file')),
                ('name_digest', models.CharField(blank=True, help_text='Keyed, of the whole name; empty for an upload.', max_length=64)),
                ('digest', models.CharField(blank=True, help_text='Keyed, of the whole file; empty for a stream.', max_length=64)),
                ('size', models.PositiveBigIntegerField(help_text='In bytes; null for a stream.', null=True)),
                ('format', models.CharField(choices=[('csv', 'CSV'), ('ndjson', 'NDJSON')], max_length=8)),
                ('empty_clears', models.BooleanField(default=False)),
                ('dry_run', models.BooleanField(default=False)),
                ('state', models.CharField(choices=[('uploading', 'being uploaded'), ('running', 'Running'), ('done', 'Done'), ('refused', 'not a file of users'), ('given_up', 'Given Up')], default='running', max_length=16)),
                ('refusal', models.CharField(blank=True, max_length=200)),
                ('line', models.PositiveBigIntegerField(default=0, help_text='Where the last record begins that was dealt with.')),
                ('bytes_read', models.PositiveBigIntegerField(default=0)),
                ('created', models.PositiveBigIntegerField(default=0)),
                ('changed', models.PositiveBigIntegerField(default=0)),
                ('unchanged', models.PositiveBigIntegerField(default=0)),
                ('bad', models.PositiveBigIntegerField(default=0)),
                ('notes', models.JSONField(default=dict, help_text='How many good lines are odd, by what.')),
                ('due_at', models.DateTimeField(help_text='When a worker goes on with it; null where a command does.', null=True)),
                ('started_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('asked_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL)),
                ('label', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='gateways.label')),
            ],
            options={
                'verbose_name': 'import',
            },
        ),
        migrations.CreateModel(
            name='ImportProblem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.PositiveBigIntegerField()),
                ('field', models.CharField(blank=True, max_length=16)),
                ('reason', models.CharField(max_length=200)),
                ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='problems', to='users.importrun')),
            ],
        ),
        migrations.CreateModel(
            name='ImportPart',
            fields=[
                ('id', models.UUIDField(default=gateway_project.lib.identifiers.new_id, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField(help_text='From 0.')),
                ('content', gateway_project.lib.fields.SealedTextField(editable=False, help_text='The bytes, each as the character of its number.')),
                ('run', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='users.importrun')),
            ],
        ),
        migrations.CreateModel(
            name='Lifting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=[('email', 'E-mail'), ('sms', 'SMS'), ('viber', 'Viber'), ('whatsapp', 'WhatsApp'), ('rcs', 'RCS'), ('custom_im', 'Custom IM')], max_length=16)),
                ('address_index', models.CharField(max_length=64)),
                ('reason', models.CharField(choices=[('complained', 'Complained'), ('hard_bounce', 'Hard bounce'), ('unsubscribed', 'Unsubscribed'), ('platform', 'The platform said so')], help_text='For which it had been suppressed.', max_length=64)),
                ('suppressed_at', models.DateTimeField()),
                ('lifted_at', models.DateTimeField()),
                ('lifted_by', models.CharField(max_length=150)),
                ('because', models.CharField(blank=True, max_length=300)),
                ('label', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='gateways.label')),
            ],
        ),
        migrations.CreateModel(
            name='MissingHour',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hour', models.DateTimeField()),
                ('label_id', models.BigIntegerField()),
                ('brand_id', models.BigIntegerField(default=0, help_text='0 where the key is bound to none.')),
                ('blip', models.CharField(choices=[('asked', 'asked for in vain'), ('came', 'came since')], max_length=8)),
                ('count', models.PositiveBigIntegerField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('hour', 'label_id', 'brand_id', 'blip'), name='missing_hour_once')],
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
                'permissions': [('export_missinguser', 'Can export the ids of missing users')],
            },
        ),
        migrations.CreateModel(
            name='Suppression',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=[('email', 'E-mail'), ('sms', 'SMS'), ('viber', 'Viber'), ('whatsapp', 'WhatsApp'), ('rcs', 'RCS'), ('custom_im', 'Custom IM')], max_length=16)),
                ('address_index', models.CharField(max_length=64)),
                ('reason', models.CharField(choices=[('complained', 'Complained'), ('hard_bounce', 'Hard bounce'), ('unsubscribed', 'Unsubscribed'), ('platform', 'The platform said so')], max_length=64)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('label', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='gateways.label')),
            ],
            options={
                'permissions': [('lift_suppression', 'Can lift suppressions, with a reason')],
            },
        ),
        migrations.CreateModel(
            name='EndUser',
            fields=[
                ('id', models.UUIDField(default=gateway_project.lib.identifiers.new_id, editable=False, primary_key=True, serialize=False)),
                ('ext_user_id', models.CharField(max_length=255)),
                ('sealed_properties', gateway_project.lib.fields.SealedJSONField(editable=False, null=True)),
                ('email', gateway_project.lib.fields.SealedTextField(editable=False, null=True)),
                ('email_index', gateway_project.lib.fields.BlindIndexField()),
                ('phone', gateway_project.lib.fields.SealedTextField(editable=False, null=True)),
                ('phone_index', gateway_project.lib.fields.BlindIndexField()),
                ('looked_up_at', models.DateTimeField(editable=False, help_text="When the label's own directory was asked last.", null=True)),
                ('refresh_due_at', models.DateTimeField(editable=False, help_text='When it has to be asked before messages can leave.', null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('brand', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='gateways.brand')),
                ('label', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='end_users', to='gateways.label')),
            ],
            options={
                'permissions': [('reveal_enduser', 'Can reveal addresses, with a reason'), ('erase_enduser', 'Can erase end users, with a reason'), ('export_enduser', 'Can export all that is kept of an end user, with a reason'), ('import_enduser', 'Can import end users from a file')],
                'indexes': [models.Index(fields=['label', 'updated_at', 'id'], name='end_user_by_change'), models.Index(condition=models.Q(('email_index__isnull', False)), fields=['label', 'email_index'], name='end_user_by_email'), models.Index(condition=models.Q(('phone_index__isnull', False)), fields=['label', 'phone_index'], name='end_user_by_phone'), models.Index(condition=models.Q(('looked_up_at__isnull', False)), fields=['label', 'looked_up_at'], name='end_user_copied'), models.Index(condition=models.Q(('refresh_due_at__isnull', False)), fields=['label', 'refresh_due_at'], name='end_user_to_refresh')],
                'constraints': [models.UniqueConstraint(fields=('label', 'ext_user_id'), name='end_user_in_label')],
            },
        ),
        migrations.CreateModel(
            name='ErasureProof',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user_digest', models.CharField(help_text='Keyed digest of the ext_user_id.', max_length=64)),
                ('end_user_id', models.UUIDField(help_text='Our own id, which nothing has any more.', verbose_name='end user')),
                ('erased_at', models.DateTimeField(db_index=True)),
                ('erased_by', models.CharField(max_length=150)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('removed', models.JSONField(default=dict, help_text='How many of what.')),
                ('label', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='gateways.label')),
            ],
            options={
                'indexes': [models.Index(fields=['label', 'user_digest'], name='erasure_of_user')],
            },
        ),
        migrations.AddIndex(
            model_name='importrun',
            index=models.Index(fields=['label', 'id'], name='import_in_label'),
        ),
        migrations.AddIndex(
            model_name='importrun',
            index=models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='import_due'),
        ),
        migrations.AddConstraint(
            model_name='importproblem',
            constraint=models.UniqueConstraint(fields=('run', 'line'), name='import_problem_of_line'),
        ),
        migrations.AddConstraint(
            model_name='importpart',
            constraint=models.UniqueConstraint(fields=('run', 'number'), name='import_part_of_run'),
        ),
        migrations.AddIndex(
            model_name='lifting',
            index=models.Index(fields=['label', 'address_index'], name='lifting_of_address'),
        ),
        migrations.AddIndex(
            model_name='lifting',
            index=models.Index(fields=['lifted_at'], name='lifting_by_age'),
        ),
        migrations.AddIndex(
            model_name='missinguser',
            index=models.Index(fields=['label', 'first_asked_at'], name='missing_user_by_time'),
        ),
        migrations.AddIndex(
            model_name='missinguser',
            index=models.Index(fields=['last_asked_at'], name='missing_user_by_age'),
        ),
        migrations.AddConstraint(
            model_name='missinguser',
            constraint=models.UniqueConstraint(fields=('label', 'ext_user_id'), name='missing_user_in_label'),
        ),
        migrations.AddIndex(
            model_name='suppression',
            index=models.Index(fields=['label', 'id'], name='suppression_in_label'),
        ),
        migrations.AddIndex(
            model_name='suppression',
            index=models.Index(fields=['reason', 'label'], name='suppression_by_reason'),
        ),
        migrations.AddConstraint(
            model_name='suppression',
            constraint=models.UniqueConstraint(fields=('label', 'channel', 'address_index'), name='suppression_of_address'),
        ),
    ]
