import django.db.models.deletion
import gateway_project.lib.fields
import gateway_project.lib.identifiers
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('gateways', '0001_initial'),
        ('users', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Counted',
            fields=[
                ('family', models.CharField(max_length=24, primary_key=True, serialize=False)),
                ('until', models.DateTimeField()),
                ('counted_at', models.DateTimeField()),
            ],
            options={
                'verbose_name_plural': 'counted',
            },
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.UUIDField(default=gateway_project.lib.identifiers.new_id, editable=False, primary_key=True, serialize=False)),
                ('channel', models.CharField(choices=[('email', 'E-mail'), ('sms', 'SMS'), ('viber', 'Viber'), ('whatsapp', 'WhatsApp'), ('rcs', 'RCS'), ('custom_im', 'Custom IM')], max_length=16)),
                ('uid', models.CharField(blank=True, max_length=255)),
                ('repeat_key', models.CharField(max_length=64)),
                ('fingerprint', models.CharField(max_length=64)),
                ('activity_type', models.CharField(blank=True, max_length=32)),
                ('content', gateway_project.lib.fields.SealedJSONField(editable=False, null=True)),
                ('callback_url', gateway_project.lib.fields.SealedTextField(editable=False, null=True)),
                ('preview_address', gateway_project.lib.fields.SealedTextField(editable=False, null=True)),
                ('is_test', models.BooleanField(default=False, help_text='Sent by hand through one gateway; Smartico is told nothing of it.')),
                ('notes', models.JSONField(blank=True, default=list)),
                ('chosen_because', models.CharField(blank=True, help_text='Why this gateway, when the message was accepted.', max_length=200)),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('sending', 'Being sent'), ('sent', 'Sent'), ('unknown', 'Outcome unknown'), ('rejected', 'Rejected'), ('failed', 'Failed')], default='queued', max_length=8)),
                ('status', models.CharField(blank=True, choices=[('accepted', 'Accepted'), ('delivered', 'Delivered'), ('failed', 'Failed'), ('rejected', 'Rejected'), ('complained', 'Complained'), ('opened', 'Opened'), ('unsubscribed', 'Unsubscribed'), ('clicked', 'Clicked')], max_length=16)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('due_at', models.DateTimeField(null=True)),
                ('lease_until', models.DateTimeField(null=True)),
                ('lease', models.UUIDField(null=True)),
                ('is_set_aside', models.BooleanField(default=False, help_text='Due as soon as the directory has been asked about its user.')),
                ('expires_at', models.DateTimeField()),
                ('created_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('pruned_at', models.DateTimeField(help_text='Since then only a tombstone is left, for late statuses and repeats.', null=True)),
                ('pruned_statuses', models.JSONField(default=list, help_text='Those that had been learnt and counted when it was pruned.')),
                ('requeued_at', models.DateTimeField(help_text='When a person last queued it again; tries are counted from there.', null=True)),
                ('brand', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to='gateways.brand')),
                ('end_user', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, to='users.enduser')),
                ('gateway', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='gateways.gateway')),
                ('label', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='gateways.label')),
                ('template', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to='gateways.template')),
            ],
            options={
                'permissions': [('resend_message', 'Can retry and resend messages and settle unknown outcomes'), ('test_message', 'Can send test messages')],
            },
        ),
        migrations.CreateModel(
            name='LeftBehind',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stage', models.CharField(choices=[('receipt', 'Receipt'), ('bodies', 'Bodies'), ('events', 'Details'), ('tombstones', 'Tombstones')], max_length=10)),
                ('due_at', models.DateTimeField()),
                ('message', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='messages_app.message')),
            ],
            options={
                'verbose_name_plural': 'left behind',
            },
        ),
        migrations.CreateModel(
            name='DeliveredPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider_id', models.CharField(blank=True, max_length=255)),
                ('number', models.PositiveSmallIntegerField()),
                ('message', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='messages_app.message')),
            ],
        ),
        migrations.CreateModel(
            name='Relay',
            fields=[
                ('id', models.UUIDField(default=gateway_project.lib.identifiers.new_id, editable=False, primary_key=True, serialize=False)),
                ('listener', models.CharField(choices=[('provider', 'The provider'), ('platform', 'The platform'), ('smartico', 'Smartico')], default='provider', max_length=8)),
                ('kind', models.CharField(choices=[('event', 'Event'), ('order', 'Order'), ('opt_out', 'Opt-out'), ('opt_in', 'Opt-in'), ('contact', 'Contact')], max_length=8)),
                ('subject', models.CharField(blank=True, help_text='Whose relays leave one after the other; a digest.', max_length=64)),
                ('repeat_key', models.CharField(help_text='What came before with the same key is the same relay.', max_length=64, null=True)),
                ('fingerprint', models.CharField(blank=True, max_length=64)),
                ('address', gateway_project.lib.fields.SealedTextField(editable=False, null=True)),
                ('payload', gateway_project.lib.fields.SealedJSONField(editable=False, null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('due_at', models.DateTimeField()),
                ('lease', models.UUIDField(null=True)),
                ('outcome', models.CharField(blank=True, choices=[('taken', 'Taken'), ('rejected', 'Rejected'), ('failed', 'Out of tries'), ('unknown', 'Outcome unknown'), ('not_needed', 'Not needed any more')], max_length=12)),
                ('detail', models.CharField(blank=True, max_length=500)),
                ('created_at', models.DateTimeField()),
                ('settled_at', models.DateTimeField(null=True)),
                ('end_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to='users.enduser')),
                ('gateway', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, to='gateways.gateway')),
                ('label', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='gateways.label')),
            ],
            options={
                'permissions': [('retry_relay', 'Can tell again what was not taken')],
            },
        ),
        migrations.CreateModel(
            name='SendAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('outcome', models.CharField(max_length=32)),
                ('detail', models.CharField(blank=True, max_length=500)),
                ('cause', models.CharField(blank=True, choices=[('invalid_address', 'The address does not exist'), ('unreachable', 'The address exists and cannot be reached now'), ('mailbox_full', 'The mailbox is full'), ('opted_out', 'The recipient does not want it'), ('blocked', 'Blocked as spam or by a rule'), ('content', 'The content is not taken'), ('expired', 'It was too late'), ('suppressed', 'We keep the address closed'), ('no_address', 'The user has no address any more'), ('sender', 'The sender is not allowed'), ('erased', 'The user was erased'), ('throttled', 'The provider wants fewer calls'), ('account', 'The account at the provider is at fault'), ('unavailable', 'The provider did not take it'), ('refused_together', 'The provider refused several at once'), ('no_answer', 'The provider was asked and did not answer'), ('no_receipt', 'No receipt came in time'), ('other', 'Something else')], max_length=24)),
                ('provider_id', models.CharField(blank=True, max_length=255)),
                ('address_index', models.CharField(blank=True, help_text='Blind index of the address that was tried.', max_length=64)),
                ('address_channel', models.CharField(blank=True, choices=[('email', 'E-mail'), ('sms', 'SMS'), ('viber', 'Viber'), ('whatsapp', 'WhatsApp'), ('rcs', 'RCS'), ('custom_im', 'Custom IM')], help_text='Which kind of address it is.', max_length=16)),
                ('rendered', gateway_project.lib.fields.SealedTextField(bound_to='rendered_as', editable=False, null=True)),
                ('rendered_as', models.UUIDField(editable=False, help_text='What `rendered` is bound to; none where it is null.', null=True)),
                ('started_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField()),
                ('ask_at', models.DateTimeField(help_text='When the provider is asked next what became of the message.', null=True)),
                ('gateway', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='gateways.gateway')),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='send_attempts', to='messages_app.message')),
            ],
        ),
        migrations.CreateModel(
            name='StatusEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('accepted', 'Accepted'), ('delivered', 'Delivered'), ('failed', 'Failed'), ('rejected', 'Rejected'), ('complained', 'Complained'), ('opened', 'Opened'), ('unsubscribed', 'Unsubscribed'), ('clicked', 'Clicked')], max_length=16)),
                ('detail', models.CharField(blank=True, max_length=500)),
                ('cause', models.CharField(blank=True, choices=[('invalid_address', 'The address does not exist'), ('unreachable', 'The address exists and cannot be reached now'), ('mailbox_full', 'The mailbox is full'), ('opted_out', 'The recipient does not want it'), ('blocked', 'Blocked as spam or by a rule'), ('content', 'The content is not taken'), ('expired', 'It was too late'), ('suppressed', 'We keep the address closed'), ('no_address', 'The user has no address any more'), ('sender', 'The sender is not allowed'), ('erased', 'The user was erased'), ('throttled', 'The provider wants fewer calls'), ('account', 'The account at the provider is at fault'), ('unavailable', 'The provider did not take it'), ('refused_together', 'The provider refused several at once'), ('no_answer', 'The provider was asked and did not answer'), ('no_receipt', 'No receipt came in time'), ('other', 'Something else')], help_text='Why it came to an end.', max_length=24)),
                ('occurred_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
                ('is_reported', models.BooleanField(help_text='Smartico is told; a lower rung learnt late is not.')),
                ('is_machine', models.BooleanField(default=False, help_text='Probably a scanner opened or clicked, and no person.')),
                ('is_our_own', models.BooleanField(default=False, help_text='The house says so itself, and not a provider.')),
                ('message', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='status_events', to='messages_app.message')),
            ],
        ),
        migrations.CreateModel(
            name='Strike',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hour', models.DateTimeField()),
                ('kind', models.CharField(choices=[('volume', 'Too many messages'), ('failures', 'Too many failures')], max_length=8)),
                ('released_at', models.DateTimeField(help_text='When the gateway was seen to be released. None: it is held.', null=True)),
                ('gateway', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='gateways.gateway')),
            ],
        ),
        migrations.CreateModel(
            name='Tally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('span', models.PositiveIntegerField(choices=[(60, 'Minute'), (3600, 'Hour'), (86400, 'Day')])),
                ('start', models.DateTimeField()),
                ('label_id', models.BigIntegerField(default=0, help_text='0 where no label is known.')),
                ('channel', models.CharField(blank=True, max_length=16)),
                ('gateway_id', models.BigIntegerField(default=0, help_text='0 where no gateway is meant.')),
                ('measure', models.CharField(choices=[('accepted', 'Accepted'), ('refused', 'Refused'), ('accept_latency', 'Accept Latency'), ('sent', 'Sent'), ('delivered', 'Delivered'), ('opened', 'Opened'), ('clicked', 'Clicked'), ('failed', 'Failed'), ('rejected', 'Rejected'), ('complained', 'Complained'), ('unsubscribed', 'Unsubscribed'), ('try_taken', 'Try Taken'), ('try_rejected', 'Try Rejected'), ('try_broken', 'Try Broken'), ('try_unknown', 'Try Unknown'), ('ended_here', 'Ended Here'), ('send_latency', 'Send Latency'), ('callback_failed', 'Callback Failed'), ('callback_latency', 'Callback Latency')], max_length=24)),
                ('part', models.PositiveSmallIntegerField(default=0, help_text="Of a latency the histogram's bin, of a refusal the error_code.")),
                ('count', models.PositiveBigIntegerField()),
            ],
            options={
                'verbose_name_plural': 'tallies',
                'indexes': [models.Index(fields=['span', 'start'], name='tally_by_span'), models.Index(condition=models.Q(('measure', 'accepted'), _negated=True), fields=['span', 'start'], name='tally_not_kept_by_hour')],
                'constraints': [models.UniqueConstraint(fields=('start', 'span', 'measure', 'label_id', 'channel', 'gateway_id', 'part'), name='tally_once')],
            },
        ),
        migrations.CreateModel(
            name='WalkMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=[('email', 'E-mail'), ('sms', 'SMS'), ('viber', 'Viber'), ('whatsapp', 'WhatsApp'), ('rcs', 'RCS'), ('custom_im', 'Custom IM')], max_length=16)),
                ('stage', models.CharField(choices=[('receipt', 'Receipt'), ('bodies', 'Bodies'), ('events', 'Details'), ('tombstones', 'Tombstones')], max_length=10)),
                ('reached', models.UUIDField(default=uuid.UUID('00000000-0000-0000-0000-000000000000'))),
                ('label', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='gateways.label')),
            ],
        ),
        migrations.CreateModel(
            name='WordMapping',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', models.CharField(max_length=64)),
                ('word', models.CharField(help_text='As the provider says it. Case and spaces do not matter.', max_length=100)),
                ('status', models.CharField(blank=True, choices=[('', 'Nothing: drop such reports'), ('accepted', 'Accepted'), ('delivered', 'Delivered'), ('failed', 'Failed'), ('rejected', 'Rejected'), ('complained', 'Complained'), ('opened', 'Opened'), ('unsubscribed', 'Unsubscribed'), ('clicked', 'Clicked')], help_text='Smartico is told this status.', max_length=16, verbose_name='means')),
                ('times_ignored', models.PositiveBigIntegerField(default=0, editable=False, verbose_name='reports dropped')),
                ('gateway', models.ForeignKey(blank=True, help_text='Left empty, it holds for all gateways of the provider in the label.', null=True, on_delete=django.db.models.deletion.CASCADE, to='gateways.gateway')),
                ('label', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='gateways.label')),
            ],
            options={
                'verbose_name': 'status word',
            },
        ),
        migrations.CreateModel(
            name='InboxEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('waits_for', models.CharField(choices=[('its_time', 'Not yet due'), ('its_message', 'Message not known yet'), ('a_mapping', 'Unknown status word'), ('a_reader', 'Could not be read')], max_length=16)),
                ('message_id', models.UUIDField(null=True)),
                ('provider_id', gateway_project.lib.fields.SealedTextField(bound_to=('gateway_id', 'meaning'), editable=False, help_text='As it was told: whoever reports may call an address one.', null=True)),
                ('provider_id_digest', models.CharField(blank=True, max_length=64)),
                ('address_index', models.CharField(blank=True, help_text='Blind index of the address that the report names.', max_length=64)),
                ('is_machine', models.BooleanField(null=True)),
                ('is_permanent', models.BooleanField(default=False, help_text='The address itself is at fault: it is suppressed.')),
                ('part', models.PositiveSmallIntegerField(default=0)),
                ('parts', models.PositiveSmallIntegerField(default=1, help_text='Of how many parts the report is about one.')),
                ('status', models.CharField(blank=True, choices=[('accepted', 'Accepted'), ('delivered', 'Delivered'), ('failed', 'Failed'), ('rejected', 'Rejected'), ('complained', 'Complained'), ('opened', 'Opened'), ('unsubscribed', 'Unsubscribed'), ('clicked', 'Clicked')], max_length=16)),
                ('word', models.CharField(blank=True, max_length=100)),
                ('word_key', models.CharField(blank=True, help_text='The word as it is compared.', max_length=100)),
                ('detail', models.CharField(blank=True, max_length=500)),
                ('kept', gateway_project.lib.fields.SealedJSONField(bound_to=('gateway_id', 'meaning'), editable=False, help_text='What could not be read, scrubbed.', null=True)),
                ('meaning', models.CharField(help_text='Digest; the same report stands here once.', max_length=64)),
                ('occurred_at', models.DateTimeField()),
                ('received_at', models.DateTimeField()),
                ('due_at', models.DateTimeField(null=True)),
                ('applied_at', models.DateTimeField(null=True)),
                ('gateway', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='gateways.gateway')),
                ('mapping', models.ForeignKey(db_constraint=False, db_index=False, help_text='What gave the report its status.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, to='messages_app.wordmapping')),
            ],
            options={
                'verbose_name_plural': 'inbox entries',
            },
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('state', 'queued')), fields=['gateway', 'due_at'], name='message_due'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('state', 'sending')), fields=['lease_until'], name='message_leased'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('pruned_at', None), ('state', 'queued')), fields=['expires_at'], name='message_expiring'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('is_test', True)), fields=['state', 'gateway', 'due_at'], name='message_test'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('activity_type', ''), _negated=True), fields=['label', 'uid'], name='preview_by_uid'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('template__isnull', False)), fields=['template'], name='message_of_template'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(fields=['end_user', 'id'], name='message_of_user'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('state', 'unknown')), fields=['label'], name='message_unknown'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(fields=['label', 'channel', 'id'], name='message_of_channel'),
        ),
        migrations.AddConstraint(
            model_name='message',
            constraint=models.UniqueConstraint(fields=('label', 'channel', 'repeat_key'), name='message_once_per_uid'),
        ),
        migrations.AddIndex(
            model_name='leftbehind',
            index=models.Index(fields=['stage', 'due_at'], name='left_behind_due'),
        ),
        migrations.AddConstraint(
            model_name='leftbehind',
            constraint=models.UniqueConstraint(fields=('message', 'stage'), name='left_behind_once'),
        ),
        migrations.AddConstraint(
            model_name='deliveredpart',
            constraint=models.UniqueConstraint(fields=('message', 'provider_id', 'number'), name='delivered_part_once'),
        ),
        migrations.AddIndex(
            model_name='relay',
            index=models.Index(condition=models.Q(('settled_at__isnull', True)), fields=['gateway', 'kind', 'due_at'], name='relay_due'),
        ),
        migrations.AddIndex(
            model_name='relay',
            index=models.Index(condition=models.Q(('lease__isnull', False), ('settled_at__isnull', True)), fields=['due_at'], name='relay_leased'),
        ),
        migrations.AddIndex(
            model_name='relay',
            index=models.Index(fields=['gateway', 'subject', 'id'], name='relay_of_subject'),
        ),
        migrations.AddIndex(
            model_name='relay',
            index=models.Index(condition=models.Q(('gateway__isnull', True), ('settled_at__isnull', True)), fields=['label', 'listener', 'kind', 'due_at'], name='relay_of_label_due'),
        ),
        migrations.AddIndex(
            model_name='relay',
            index=models.Index(condition=models.Q(('gateway__isnull', True)), fields=['label', 'listener', 'subject', 'id'], name='relay_of_label_subject'),
        ),
        migrations.AddIndex(
            model_name='relay',
            index=models.Index(condition=models.Q(('settled_at__isnull', True)), fields=['created_at'], name='relay_waiting'),
        ),
        migrations.AddIndex(
            model_name='relay',
            index=models.Index(condition=models.Q(('settled_at__isnull', False)), fields=['settled_at'], name='relay_settled'),
        ),
        migrations.AddIndex(
            model_name='relay',
            index=models.Index(condition=models.Q(('outcome__in', ('rejected', 'failed', 'unknown'))), fields=['gateway', 'settled_at'], name='relay_not_taken'),
        ),
        migrations.AddConstraint(
            model_name='relay',
            constraint=models.UniqueConstraint(fields=('gateway', 'kind', 'repeat_key'), name='relay_once_per_key'),
        ),
        migrations.AddConstraint(
            model_name='relay',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('gateway__isnull', False), ('listener', 'provider')), models.Q(models.Q(('listener', 'provider'), _negated=True), ('gateway__isnull', True)), _connector='OR'), name='relay_to_a_gateway_or_another'),
        ),
        migrations.AddIndex(
            model_name='sendattempt',
            index=models.Index(fields=['gateway', 'provider_id'], name='attempt_by_provider_id'),
        ),
        migrations.AddIndex(
            model_name='sendattempt',
            index=models.Index(condition=models.Q(('ask_at__isnull', False)), fields=['gateway', 'ask_at'], name='attempt_to_ask_about'),
        ),
        migrations.AddConstraint(
            model_name='sendattempt',
            constraint=models.UniqueConstraint(condition=models.Q(('rendered_as__isnull', False)), fields=('rendered_as',), name='attempt_rendered_once'),
        ),
        migrations.AddConstraint(
            model_name='statusevent',
            constraint=models.UniqueConstraint(fields=('message', 'status', 'is_machine'), name='status_once_per_message'),
        ),
        migrations.AddConstraint(
            model_name='strike',
            constraint=models.UniqueConstraint(fields=('gateway', 'hour', 'kind'), name='strike_once'),
        ),
        migrations.AddConstraint(
            model_name='walkmark',
            constraint=models.UniqueConstraint(fields=('label', 'channel', 'stage'), name='walk_mark_once'),
        ),
        migrations.AddConstraint(
            model_name='wordmapping',
            constraint=models.UniqueConstraint(condition=models.Q(('gateway__isnull', True)), fields=('label', 'provider', 'word'), name='word_once_per_provider'),
        ),
        migrations.AddConstraint(
            model_name='wordmapping',
            constraint=models.UniqueConstraint(condition=models.Q(('gateway__isnull', False)), fields=('gateway', 'word'), name='word_once_per_gateway'),
        ),
        migrations.AddIndex(
            model_name='inboxentry',
            index=models.Index(fields=['gateway', 'received_at'], name='inbox_by_age'),
        ),
        migrations.AddIndex(
            model_name='inboxentry',
            index=models.Index(condition=models.Q(('applied_at__isnull', True)), fields=['due_at'], name='inbox_due'),
        ),
        migrations.AddIndex(
            model_name='inboxentry',
            index=models.Index(condition=models.Q(('applied_at__isnull', True)), fields=['gateway', 'provider_id_digest'], name='inbox_by_provider_id'),
        ),
        migrations.AddIndex(
            model_name='inboxentry',
            index=models.Index(condition=models.Q(('applied_at__isnull', True), ('waits_for__in', ('a_mapping', 'a_reader'))), fields=['gateway', 'word_key'], name='inbox_not_understood'),
        ),
        migrations.AddIndex(
            model_name='inboxentry',
            index=models.Index(condition=models.Q(('mapping__isnull', False)), fields=['mapping'], name='inbox_mapped'),
        ),
        migrations.AddConstraint(
            model_name='inboxentry',
            constraint=models.UniqueConstraint(fields=('gateway', 'meaning'), name='inbox_entry_once'),
        ),
    ]
