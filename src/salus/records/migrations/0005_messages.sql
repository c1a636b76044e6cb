alter table records.acceptance drop constraint acceptance_source_check;
alter table records.acceptance add constraint acceptance_source_check check (source in ('fhir', 'import', 'v2'));

create table records.message (
    message bytea primary key,
    fingerprint bytea not null,
    facility text not null,
    said_at timestamptz not null,
    answered_at timestamptz not null,
    notes text[] not null
);
comment on table records.message is 'HL7 v2 messages that were taken, so that one that comes again is answered and not stored again';
comment on column records.message.message is 'Keyed digest of facility, sending application and facility, control identifier and time of writing (MSH-3, 4, 10, 7)';
comment on column records.message.fingerprint is 'Keyed digest of the whole message: another one under the same identifier is refused';
comment on column records.message.facility is 'The facility that sent it';
comment on column records.message.said_at is 'When it was said (EVN-2, else MSH-7)';
comment on column records.message.answered_at is 'When it was taken, which the answer says';
comment on column records.message.notes is 'What the answer says was left out: places in the message with a reason each, never what stood there';
grant select, insert on records.message to salus_care;

create table records.message_resource (
    resource_key bigint not null,
    said_at timestamptz not null,
    message bytea not null,
    primary key (resource_key, said_at, message)
);
comment on table records.message_resource is 'Which messages wrote which resource, so that an older one does not overwrite what a newer one said';
comment on column records.message_resource.resource_key is 'The resource';
comment on column records.message_resource.said_at is 'When the message was said';
comment on column records.message_resource.message is 'The message, as in records.message';
grant select, insert on records.message_resource to salus_care;
