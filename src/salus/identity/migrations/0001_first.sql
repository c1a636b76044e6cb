create schema identity;
comment on schema identity is 'The resident index: numbers as keyed digests and sealed bytes, never in the clear';
grant usage on schema identity to salus_care;

create sequence identity.resident_key;
grant usage on sequence identity.resident_key to salus_care;

create table identity.resident (
    resident_key bigint primary key,
    resident_id uuid not null unique,
    bucket smallint not null,
    opened_at timestamptz not null
);
comment on table identity.resident is 'One row a resident; nothing in it says who';
comment on column identity.resident.resident_key is 'Physical key, time-ordered, never shown';
comment on column identity.resident.resident_id is 'External identifier, random, derived from nothing';
comment on column identity.resident.bucket is 'Unit of placement: first 12 bits of SHA-256 of the identifier';
comment on column identity.resident.opened_at is 'When the resident was first seen';
grant select, insert on identity.resident to salus_care;

create table identity.claim (
    digest bytea primary key,
    resident_key bigint not null
);
comment on table identity.claim is 'Which resident holds a number';
comment on column identity.claim.digest is 'Keyed digest of the normalised number';
comment on column identity.claim.resident_key is 'The resident who holds it';
grant select, insert on identity.claim to salus_care;

create table identity.number (
    digest bytea not null,
    chart_key bigint not null,
    resident_key bigint not null,
    sealed bytea not null,
    at timestamptz not null,
    primary key (digest, chart_key)
);
comment on table identity.number is 'The numbers that sources gave, sealed';
comment on column identity.number.digest is 'Keyed digest of the normalised number';
comment on column identity.number.chart_key is 'The source record that carried it';
comment on column identity.number.resident_key is 'Whose it was taken to be when it came';
comment on column identity.number.sealed is 'The number, sealed under the custodian''s key';
comment on column identity.number.at is 'When it came';
grant select, insert on identity.number to salus_care;

create table identity.assertion (
    assertion bigint generated always as identity,
    chart_key bigint not null,
    resident_key bigint not null,
    same boolean not null,
    ground text not null,
    at timestamptz not null,
    primary key (chart_key, assertion)
);
comment on table identity.assertion is 'Append-only: this chart is (not) this resident''s; the last one about a chart holds';
comment on column identity.assertion.assertion is 'Order of the assertions';
comment on column identity.assertion.chart_key is 'The source record';
comment on column identity.assertion.resident_key is 'The resident';
comment on column identity.assertion.same is 'Whether it is theirs';
comment on column identity.assertion.ground is 'Why: number, opened';
comment on column identity.assertion.at is 'When it was asserted';
create index assertion_resident on identity.assertion (resident_key);
grant select, insert on identity.assertion to salus_care;
