create table healthcode.unlogged (
    digest bytea primary key check (octet_length(digest) = 16),
    key bytea not null check (octet_length(key) = 32)
);
comment on table healthcode.unlogged is 'Certificates that wait for the leaf of their hour';
comment on column healthcode.unlogged.digest is 'The first 16 octets of the SHA-256 of the certificate''s text';
comment on column healthcode.unlogged.key is 'SHA-256 of the key that signed it';
grant select, insert, delete on healthcode.unlogged to salus_care;

create table healthcode.logged (
    digest bytea primary key check (octet_length(digest) = 16),
    key bytea not null check (octet_length(key) = 32),
    pending_id uuid not null,
    at timestamptz not null
);
create index logged_key on healthcode.logged (key, at);
comment on table healthcode.logged is 'Certificates that the public log holds in a leaf, so that they outlive their key';
comment on column healthcode.logged.digest is 'The first 16 octets of the SHA-256 of the certificate''s text; leads to nobody';
comment on column healthcode.logged.key is 'SHA-256 of the key that signed it';
comment on column healthcode.logged.pending_id is 'Name of the leaf while it waited for its place';
comment on column healthcode.logged.at is 'When the leaf was handed over; after the longest life of a certificate the row is of no use';
comment on index healthcode.logged_key is 'Telling doors what an ended key signed';
grant select, insert on healthcode.logged to salus_care;
