create schema healthcode;
comment on schema healthcode is 'Identity codes: random, replaceable, for care. No status is kept anywhere';
grant usage on schema healthcode to salus_care;

create table healthcode.code (
    digest bytea primary key check (octet_length(digest) = 16),
    resident_key bigint not null,
    ordinal integer not null check (ordinal >= 0),
    identifier bytea not null,
    issued_at timestamptz not null,
    unique (resident_key, ordinal)
);
comment on table healthcode.code is 'Every identity code ever issued; the one with the highest ordinal is the current one of its resident';
comment on column healthcode.code.digest is 'Keyed digest of the identifier, by which a presented code is found';
comment on column healthcode.code.resident_key is 'Whose code it is';
comment on column healthcode.code.ordinal is 'Counts from 0 for each resident; a higher one replaces all lower ones';
comment on column healthcode.code.identifier is 'The random identifier, sealed to this row';
comment on column healthcode.code.issued_at is 'When it was issued; its predecessor ended at this instant';
grant select, insert on healthcode.code to salus_care;
