create schema records;
comment on schema records is 'Health records: charts, resources with their whole history, search rows of digests and dates';
grant usage on schema records to salus_care;

create sequence records.physical_key increment by 1;
grant usage on sequence records.physical_key to salus_care;

create table records.chart (
    chart_key bigint primary key,
    chart_id uuid not null unique,
    kind text not null check (kind in ('resident', 'directory', 'facility')),
    facility text not null,
    custodian text not null,
    bucket smallint not null,
    opened_at timestamptz not null
);
comment on table records.chart is 'One source record of one facility: immutable; rows, keys and placement hang on it';
comment on column records.chart.chart_key is 'Physical key, time-ordered, never shown';
comment on column records.chart.chart_id is 'External identifier, random';
comment on column records.chart.kind is 'resident: a person''s; directory: institutions and terms; facility: a facility''s own papers';
comment on column records.chart.facility is 'The facility that keeps this source record';
comment on column records.chart.custodian is 'The node that keeps it';
comment on column records.chart.bucket is 'Unit of placement: first 12 bits of SHA-256 of the chart identifier';
comment on column records.chart.opened_at is 'When it was opened';
create unique index chart_common on records.chart (facility, kind) where kind <> 'resident';
grant select, insert on records.chart to salus_care;

create table records.acceptance (
    acceptance bigint primary key,
    facility text not null,
    source text not null check (source in ('fhir', 'import')),
    at timestamptz not null,
    entries integer not null,
    stripped integer not null
);
comment on table records.acceptance is 'One row for each thing taken in whole: a resource, a transaction, a line of an import';
comment on column records.acceptance.acceptance is 'Physical key';
comment on column records.acceptance.facility is 'Who sent it';
comment on column records.acceptance.source is 'How it came';
comment on column records.acceptance.at is 'When it was taken in';
comment on column records.acceptance.entries is 'How many resources';
comment on column records.acceptance.stripped is 'How many places were taken out at the door';
grant select, insert on records.acceptance to salus_care;

create table records.resource (
    resource_key bigint primary key,
    id uuid not null unique,
    type text not null,
    chart_key bigint not null,
    version integer not null,
    updated_at timestamptz not null,
    date_lo timestamptz,
    date_hi timestamptz
);
comment on table records.resource is 'The current version of each resource; bodies lie in records.version';
comment on column records.resource.resource_key is 'Physical key, time-ordered, never shown';
comment on column records.resource.id is 'The FHIR id: random, given by the server';
comment on column records.resource.type is 'FHIR resource type';
comment on column records.resource.chart_key is 'The source record it belongs to; never changes';
comment on column records.resource.version is 'Number of the current version';
comment on column records.resource.updated_at is 'When the current version was stored';
comment on column records.resource.date_lo is 'Start of what the search parameter date covers';
comment on column records.resource.date_hi is 'End of it, exclusive';
create index resource_chart on records.resource (chart_key, type, resource_key);
grant select, insert, update (version, updated_at, date_lo, date_hi) on records.resource to salus_care;

create table records.version (
    resource_key bigint not null,
    version integer not null,
    chart_key bigint not null,
    acceptance bigint not null,
    at timestamptz not null,
    body bytea not null,
    primary key (resource_key, version)
);
comment on table records.version is 'Every version of every resource, appended and never changed';
comment on column records.version.resource_key is 'The resource';
comment on column records.version.version is 'Its version, from 1';
comment on column records.version.chart_key is 'The chart whose key opens the body';
comment on column records.version.acceptance is 'With what it was taken in';
comment on column records.version.at is 'When it was stored';
comment on column records.version.body is 'Format byte, dictionary byte, nonce, AES-256-GCM of the zstd-compressed JSON';
alter table records.version alter column body set storage external;
grant select, insert on records.version to salus_care;

create table records.token (
    resource_key bigint not null,
    param smallint not null,
    digest bytea not null,
    chart_key bigint not null,
    type text not null
);
comment on table records.token is 'What code and identifier searches find: keyed digests of the current version''s tokens';
comment on column records.token.resource_key is 'The resource';
comment on column records.token.param is '1 code, 2 identifier';
comment on column records.token.digest is 'Keyed digest of system|value, *|value or |value';
comment on column records.token.chart_key is 'The chart it belongs to';
comment on column records.token.type is 'FHIR resource type';
create index token_digest on records.token (digest, type, resource_key);
create index token_resource on records.token (resource_key);
grant select, insert, delete on records.token to salus_care;

create table records.delivery (
    event bigint primary key,
    acceptance bigint not null unique,
    facility text not null,
    day date not null,
    entries integer not null
);
comment on table records.delivery is 'What each facility delivered, by day: filled from the outbox, once for each event';
comment on column records.delivery.event is 'The outbox event that told of it';
comment on column records.delivery.acceptance is 'What was taken in';
comment on column records.delivery.facility is 'Who sent it';
comment on column records.delivery.day is 'UTC day';
comment on column records.delivery.entries is 'How many resources';
grant select, insert on records.delivery to salus_care;

create table records.import_line (
    file bytea not null,
    line integer not null,
    acceptance bigint not null,
    primary key (file, line)
);
comment on table records.import_line is 'Which lines of which file were imported, so that an import that was cut short goes on where it was';
comment on column records.import_line.file is 'SHA-256 over facility and file content';
comment on column records.import_line.line is 'Line of an NDJSON file, or 1';
comment on column records.import_line.acceptance is 'As what it was taken in';
grant select, insert on records.import_line to salus_care;
