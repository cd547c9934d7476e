import django.core.validators
import django.db.models.deletion
import gateway_project.lib.fields
import gateway_project.lib.identifiers
import gateways.models.audit
import gateways.models.label
import gateways.models.second_factor
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Key',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('smartico', 'Send APIs'), ('platform', 'Platform API'), ('status', 'Status receiver')], max_length=16)),
                ('note', models.CharField(blank=True, help_text='Who has it, or what it is for.', max_length=120)),
                ('rate_per_second', models.PositiveIntegerField(blank=True, help_text='Most requests a second. Empty: no limit, for a platform key 100.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000000)])),
                ('digest', models.CharField(editable=False, max_length=64)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField(blank=True, help_text='Accepted until then.', null=True)),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('last_used_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('is_test', models.BooleanField(default=False, editable=False, help_text='Made by a page for an hour, and no part of files.')),
            ],
        ),
        migrations.CreateModel(
            name='Brand',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=64)),
                ('name', models.CharField(max_length=120)),
                ('is_paused', models.BooleanField(default=False)),
                ('is_active', models.BooleanField(default=True)),
            ],
        ),
        migrations.CreateModel(
            name='Gateway',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=gateway_project.lib.identifiers.new_id, editable=False, unique=True)),
                ('slug', models.SlugField(max_length=64)),
                ('name', models.CharField(max_length=120)),
                ('channel', models.CharField(choices=[('email', 'E-mail'), ('sms', 'SMS'), ('viber', 'Viber'), ('whatsapp', 'WhatsApp'), ('rcs', 'RCS'), ('custom_im', 'Custom IM')], max_length=16)),
                ('provider', models.CharField(max_length=64)),
                ('filters', models.JSONField(blank=True, default=dict)),
                ('config', gateway_project.lib.fields.SealedJSONField(bound_to='uid', editable=False, null=True)),
                ('from_default', models.CharField(blank=True, max_length=320)),
                ('from_allowed', models.JSONField(blank=True, default=list)),
                ('reply_to_default', models.CharField(blank=True, max_length=320)),
                ('reply_to_allowed', models.JSONField(blank=True, default=list)),
                ('unknown_sender', models.CharField(choices=[('refuse', 'Refuse'), ('default', 'Default')], default='default', max_length=8)),
                ('rate_per_second', models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1)])),
                ('expires_after', models.PositiveIntegerField(blank=True, help_text="Seconds a message may wait. Empty: the channel's default.", null=True, validators=[django.core.validators.MinValueValidator(1)])),
                ('on_unknown', models.CharField(choices=[('park', 'Park'), ('repeat', 'Repeat'), ('fail', 'Fail')], default='park', max_length=8)),
                ('is_draft', models.BooleanField(default=False, editable=False, help_text='Its wizard is not finished.')),
                ('is_active', models.BooleanField(default=True)),
                ('is_paused', models.BooleanField(default=False)),
                ('paused_at', models.DateTimeField(editable=False, help_text='When it paused itself. None where a person has.', null=True)),
                ('paused_because', models.CharField(blank=True, editable=False, max_length=200)),
                ('is_held_by_guard', models.BooleanField(default=False, editable=False, help_text='The blast guard has paused it.')),
                ('guard_is_on', models.BooleanField(default=False)),
                ('guard_times', models.FloatField(default=3.0, validators=[django.core.validators.MinValueValidator(1.0), django.core.validators.MaxValueValidator(1000)])),
                ('guard_least', models.PositiveIntegerField(default=1000, validators=[django.core.validators.MinValueValidator(1)])),
                ('guard_failure_share', models.FloatField(blank=True, default=0.5, null=True, validators=[django.core.validators.MinValueValidator(0.01), django.core.validators.MaxValueValidator(1.0)])),
                ('token', gateway_project.lib.fields.SealedTextField(bound_to='uid', editable=False)),
                ('token_digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('brand', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='gateways.brand')),
            ],
        ),
        migrations.CreateModel(
            name='ConfigurationVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.BigIntegerField(default=0)),
            ],
            options={
                'verbose_name': 'configuration version',
            },
        ),
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('name', models.CharField(help_text='Like web-1:4711.', max_length=120, primary_key=True, serialize=False)),
                ('kind', models.CharField(help_text='The command: worker, scheduler.', max_length=16)),
                ('parent', models.CharField(help_text='Who keeps it running; itself where nobody does.', max_length=120)),
                ('siblings', models.PositiveSmallIntegerField(default=1, help_text='How many its parent keeps running, this one included.')),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Label',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.UUIDField(default=gateway_project.lib.identifiers.new_id, editable=False, unique=True)),
                ('slug', models.SlugField(max_length=64, unique=True)),
                ('name', models.CharField(max_length=120)),
                ('allowed_ips', models.JSONField(blank=True, default=list, help_text='Networks that may call the send APIs. Empty: any.')),
                ('callback_url', gateway_project.lib.fields.SealedTextField(bound_to='uid', editable=False, null=True)),
                ('callback_api_key', gateway_project.lib.fields.SealedTextField(bound_to='uid', editable=False, null=True)),
                ('callback_hosts', models.JSONField(blank=True, default=list, help_text='Hosts that may be called back, the only ones that are given the api_key.')),
                ('callback_statuses', models.JSONField(blank=True, default=gateways.models.label.all_statuses)),
                ('callback_rate_per_second', models.PositiveIntegerField(blank=True, help_text='Most callbacks a second. Empty: as fast as Smartico answers.', null=True, validators=[django.core.validators.MinValueValidator(1)])),
                ('callbacks_suspended_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('callbacks_suspended_because', models.CharField(blank=True, editable=False, max_length=200)),
                ('preview_domains', models.JSONField(blank=True, default=list)),
                ('filter_properties', models.JSONField(blank=True, default=list, help_text='User properties that gateways filter on, at most two.')),
                ('extension_policy', models.CharField(choices=[('refuse', 'Refuse'), ('drop', 'Drop'), ('pass', 'Pass')], default='refuse', max_length=8)),
                ('user_ids', models.JSONField(blank=True, default=dict, help_text='{} is exact.')),
                ('directory', gateway_project.lib.fields.SealedJSONField(bound_to='uid', editable=False, help_text='None is stored.', null=True)),
                ('retention', models.JSONField(blank=True, default=dict)),
                ('receipts', models.JSONField(blank=True, default=dict)),
                ('report_machine_opens', models.BooleanField(default=True, help_text="Smartico is told also of opens and clicks within a second of the delivery: scanners of mail servers do that. Off: they are kept, and a person's own is told.")),
                ('suppress_on', models.JSONField(blank=True, default=gateways.models.label.all_closing_reports, help_text='What closes an address on the channel where it is reported.')),
                ('opt_out_webhook_url', gateway_project.lib.fields.SealedTextField(bound_to='uid', editable=False, null=True)),
                ('opt_out_webhook_secrets', gateway_project.lib.fields.SealedJSONField(bound_to='uid', editable=False, help_text='The newest first; each of them signs.', null=True)),
                ('tells_smartico_opt_outs', models.BooleanField(default=False, help_text='As update_profile events: e-mail and SMS are then disabled by the platform.', verbose_name='tells Smartico of opt-outs')),
                ('smartico_events_url', gateway_project.lib.fields.SealedTextField(bound_to='uid', editable=False, null=True)),
                ('smartico_events_token', gateway_project.lib.fields.SealedTextField(bound_to='uid', editable=False, null=True)),
                ('opt_outs_suspended', models.JSONField(blank=True, default=dict, editable=False, help_text='Why, by listener.')),
                ('required_headers', gateway_project.lib.fields.SealedJSONField(bound_to='uid', editable=False, null=True)),
                ('alerts', gateway_project.lib.fields.SealedJSONField(bound_to='uid', editable=False, null=True)),
                ('is_paused', models.BooleanField(default=False, help_text='Requests are refused with 5, and what waits is held until this is taken off.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Allowance',
            fields=[
                ('key', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to='gateways.key')),
                ('spent_until', models.BigIntegerField(default=0, help_text='Microseconds since 1970.')),
            ],
        ),
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.UUIDField(default=gateway_project.lib.identifiers.new_id, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(db_index=True, verbose_name='when')),
                ('actor_name', models.CharField(help_text='As called then; or a command.', max_length=150, verbose_name='who')),
                ('action', models.CharField(choices=[('added', 'Added'), ('changed', 'Changed'), ('deleted', 'Deleted'), ('revealed', 'Revealed'), ('refused', 'Refused'), ('searched', 'Searched'), ('retried', 'Retried'), ('resent', 'Resent'), ('settled', 'Settled'), ('replayed', 'Replayed'), ('lifted', 'Lifted'), ('tested', 'Tested'), ('erased', 'Erased'), ('exported', 'Exported'), ('imported', 'Imported'), ('rotated', 'Rotated'), ('verified', 'Verified')], max_length=16)),
                ('subject_type', models.CharField(help_text='Like gateways.gateway.', max_length=64, verbose_name='kind')),
                ('subject_id', models.CharField(blank=True, max_length=64, verbose_name='its id')),
                ('subject_name', models.CharField(blank=True, max_length=120, verbose_name='what')),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('changes', models.JSONField(blank=True, default=dict)),
                ('digest', gateways.models.audit.EntryDigestField(editable=False, max_length=64)),
                ('actor', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, to=settings.AUTH_USER_MODEL)),
                ('label', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, to='gateways.label')),
            ],
            options={
                'verbose_name_plural': 'audit entries',
                'permissions': [('export_auditentry', 'Can export the audit')],
            },
        ),
        migrations.CreateModel(
            name='AuditSeal',
            fields=[
                ('number', models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ('digest', models.CharField(help_text='Of the entry and the seal before it.', max_length=64)),
                ('entry', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='seal', to='gateways.auditentry')),
            ],
        ),
        migrations.AddField(
            model_name='key',
            name='brand',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, to='gateways.brand'),
        ),
        migrations.CreateModel(
            name='Contact',
            fields=[
                ('gateway', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to='gateways.gateway')),
                ('probed_at', models.DateTimeField(help_text='Last GET or HEAD of the webhook URL.', null=True)),
                ('webhook_at', models.DateTimeField(help_text='Last webhook that proved itself.', null=True)),
                ('refused_at', models.DateTimeField(help_text='Last webhook that did not.', null=True)),
                ('checked_at', models.DateTimeField(help_text='Last connection check.', null=True)),
                ('is_connected', models.BooleanField(null=True)),
                ('finding', models.CharField(blank=True, help_text='What it found.', max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name='LabelContact',
            fields=[
                ('label', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to='gateways.label')),
                ('checked_at', models.DateTimeField(help_text='Last callback about a made-up message.', null=True)),
                ('is_connected', models.BooleanField(null=True)),
                ('finding', models.CharField(blank=True, max_length=300)),
                ('alerts_checked_at', models.DateTimeField(help_text='Last test of its alerts.', null=True)),
                ('alerts_arrive', models.BooleanField(null=True)),
                ('alerts_finding', models.CharField(blank=True, max_length=300)),
            ],
        ),
        migrations.AddField(
            model_name='key',
            name='label',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='keys', to='gateways.label'),
        ),
        migrations.AddField(
            model_name='gateway',
            name='label',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='gateways', to='gateways.label'),
        ),
        migrations.AddField(
            model_name='brand',
            name='label',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='brands', to='gateways.label'),
        ),
        migrations.CreateModel(
            name='Alert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('gateway_paused', 'Gateway paused'), ('blast_guard', 'Blast guard'), ('no_answer', 'Provider does not answer'), ('callbacks_suspended', 'Callbacks suspended'), ('opt_outs_suspended', 'Opt-outs not told'), ('callbacks_dead', 'Callbacks out of tries'), ('callbacks_mismatch', 'Statuses not known at Smartico'), ('unknown_outcomes', 'Unknown outcomes'), ('messages_late', 'Messages late'), ('callbacks_late', 'Callbacks late')], max_length=24)),
                ('subject', models.CharField(blank=True, help_text="A gateway's slug, mostly.", max_length=64)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('count', models.PositiveBigIntegerField(default=0, help_text='How many it is about by now.')),
                ('told_count', models.PositiveBigIntegerField(default=0, help_text='How many they were when it was told; never more than there are.')),
                ('began_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('told_at', models.DateTimeField(help_text='When it was last told that it stands.', null=True)),
                ('is_told', models.BooleanField(default=False)),
                ('label', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='gateways.label')),
            ],
        ),
        migrations.CreateModel(
            name='Pace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('next_at', models.DateTimeField()),
                ('gateway', models.OneToOneField(null=True, on_delete=django.db.models.deletion.CASCADE, to='gateways.gateway')),
                ('label', models.OneToOneField(null=True, on_delete=django.db.models.deletion.CASCADE, to='gateways.label')),
            ],
        ),
        migrations.CreateModel(
            name='RecoverySheet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='The human-readable name of this device.', max_length=64)),
                ('confirmed', models.BooleanField(default=True, help_text='Is this device ready for use?')),
                ('throttling_failure_timestamp', models.DateTimeField(blank=True, default=None, help_text='A timestamp of the last failed verification attempt. Null if last attempt succeeded.', null=True)),
                ('throttling_failure_count', models.PositiveIntegerField(default=0, help_text='Number of successive failed attempts.')),
                ('user', models.ForeignKey(help_text='The user that this device belongs to.', on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'recovery sheet',
            },
        ),
        migrations.CreateModel(
            name='RecoveryCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64)),
                ('sheet', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='codes', to='gateways.recoverysheet')),
            ],
        ),
        migrations.CreateModel(
            name='StaffLimit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('labels', models.ManyToManyField(blank=True, help_text='None chosen: nothing is seen.', to='gateways.label')),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='staff_limit', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'limit to labels',
                'verbose_name_plural': 'limit to labels',
            },
        ),
        migrations.CreateModel(
            name='Template',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=64)),
                ('name', models.CharField(max_length=120)),
                ('is_active', models.BooleanField(default=True)),
                ('label', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='templates', to='gateways.label')),
            ],
        ),
        migrations.CreateModel(
            name='TemplateField',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('name', models.CharField(max_length=64)),
                ('type', models.CharField(choices=[('text', 'Text'), ('choice', 'Choice'), ('boolean', 'Boolean'), ('media', 'Media')], default='text', max_length=8)),
                ('required', models.BooleanField(default=False)),
                ('choices', models.JSONField(blank=True, default=list)),
                ('template', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='fields', to='gateways.template')),
            ],
        ),
        migrations.CreateModel(
            name='TokenApp',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='The human-readable name of this device.', max_length=64)),
                ('confirmed', models.BooleanField(default=True, help_text='Is this device ready for use?')),
                ('throttling_failure_timestamp', models.DateTimeField(blank=True, default=None, help_text='A timestamp of the last failed verification attempt. Null if last attempt succeeded.', null=True)),
                ('throttling_failure_count', models.PositiveIntegerField(default=0, help_text='Number of successive failed attempts.')),
                ('uid', models.UUIDField(default=gateway_project.lib.identifiers.new_id, editable=False, unique=True)),
                ('seed', gateway_project.lib.fields.SealedTextField(bound_to='uid', default=gateways.models.second_factor.new_seed, editable=False)),
                ('drift', models.SmallIntegerField(default=0, help_text='Steps that the telephone is off.')),
                ('last_step', models.BigIntegerField(default=-1, help_text='Of the last token that was taken.')),
                ('user', models.ForeignKey(help_text='The user that this device belongs to.', on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'token app',
            },
        ),
        migrations.CreateModel(
            name='UsedKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('task', models.CharField(choices=[('seals', 'Seals'), ('indexes', 'Indexes')], max_length=8)),
                ('key_id', models.CharField(blank=True, help_text='On the ring. The index key has none.', max_length=16)),
                ('fingerprint', models.CharField(max_length=64)),
                ('first_used_at', models.DateTimeField()),
                ('last_used_at', models.DateTimeField(help_text='To the minute.')),
                ('retired_at', models.DateTimeField(help_text='Since when nothing needs it.', null=True)),
                ('rows_left', models.PositiveBigIntegerField(help_text='Rows sealed with it, when they were last counted.', null=True)),
                ('counted_at', models.DateTimeField(null=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('task', 'key_id'), name='used_key_once')],
            },
        ),
        migrations.CreateModel(
            name='Breaker',
            fields=[
                ('gateway', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to='gateways.gateway')),
                ('failures', models.PositiveIntegerField(default=0, help_text='In a row.')),
                ('opened_at', models.DateTimeField(help_text='Since when nothing is sent.', null=True)),
                ('retry_at', models.DateTimeField(help_text='When one message is tried.', null=True)),
                ('is_probing', models.BooleanField(default=False, help_text='One message is being tried.')),
                ('openings', models.PositiveIntegerField(default=0, help_text='In a row, without a success.')),
                ('not_before', models.DateTimeField(help_text='Until when its provider has asked for no calls.', null=True)),
                ('opened_times', models.PositiveBigIntegerField(default=0, help_text='Ever.')),
                ('reason', models.CharField(blank=True, max_length=200)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('failures__gt', 0), ('opened_at__isnull', False), ('not_before__isnull', False), _connector='OR'), fields=['gateway'], name='breaker_not_at_rest')],
            },
        ),
        migrations.CreateModel(
            name='KeptAnswer',
            fields=[
                ('id', models.UUIDField(default=gateway_project.lib.identifiers.new_id, editable=False, primary_key=True, serialize=False)),
                ('name_digest', models.CharField(help_text='Of the Idempotency-Key.', max_length=64)),
                ('request_digest', models.CharField(help_text='Of the method, the path and the body.', max_length=64)),
                ('user_digest', models.CharField(db_index=True, help_text='Of the user of the path.', max_length=64, null=True)),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('body', gateway_project.lib.fields.SealedTextField(editable=False, null=True)),
                ('lease_until', models.DateTimeField(help_text='Then whoever is at work is taken for lost.')),
                ('created_at', models.DateTimeField(db_index=True)),
                ('key', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='gateways.key')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('key', 'name_digest'), name='answer_of_key')],
            },
        ),
        migrations.AddConstraint(
            model_name='key',
            constraint=models.UniqueConstraint(condition=models.Q(('revoked_at__isnull', True)), fields=('kind', 'digest'), name='key_secret_is_live_once'),
        ),
        migrations.AddConstraint(
            model_name='gateway',
            constraint=models.UniqueConstraint(fields=('label', 'slug'), name='gateway_slug_in_label'),
        ),
        migrations.AddConstraint(
            model_name='gateway',
            constraint=models.CheckConstraint(condition=models.Q(('is_active', True), ('is_draft', True), _negated=True), name='gateway_draft_is_inactive'),
        ),
        migrations.AddConstraint(
            model_name='brand',
            constraint=models.UniqueConstraint(fields=('label', 'slug'), name='brand_slug_in_label'),
        ),
        migrations.AddIndex(
            model_name='auditentry',
            index=models.Index(fields=['subject_type', 'subject_id'], name='audit_of_subject'),
        ),
        migrations.AddIndex(
            model_name='auditentry',
            index=models.Index(fields=['actor', 'action', 'at'], name='audit_of_actor'),
        ),
        migrations.AddIndex(
            model_name='auditentry',
            index=models.Index(fields=['action', 'at'], name='audit_of_action'),
        ),
        migrations.AddConstraint(
            model_name='alert',
            constraint=models.UniqueConstraint(fields=('label', 'kind', 'subject'), name='alert_once'),
        ),
        migrations.AddConstraint(
            model_name='pace',
            constraint=models.CheckConstraint(condition=models.Q(('gateway__isnull', True), ('label__isnull', True), _connector='XOR'), name='pace_of_one'),
        ),
        migrations.AddConstraint(
            model_name='recoverycode',
            constraint=models.UniqueConstraint(fields=('sheet', 'digest'), name='recovery_code_once'),
        ),
        migrations.AddConstraint(
            model_name='template',
            constraint=models.UniqueConstraint(fields=('label', 'slug'), name='template_slug_in_label'),
        ),
        migrations.AddConstraint(
            model_name='templatefield',
            constraint=models.UniqueConstraint(fields=('template', 'name'), name='field_name_in_template'),
        ),
    ]
