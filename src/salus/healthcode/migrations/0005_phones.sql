create table healthcode.phone (
    phone_id uuid primary key,
    resident_key bigint not null,
    slot integer not null check (slot between 0 and 3),
    point bytea not null check (octet_length(point) = 65),
    registered_at timestamptz not null,
    token bytea check (octet_length(token) = 16),
    token_ends timestamptz,
    newest_step bigint,
    unique (resident_key, slot),
    check ((token is null) = (token_ends is null))
);
comment on table healthcode.phone is 'Telephones that sign a resident''s changing code; a row is deleted when its resident removes the telephone';
comment on column healthcode.phone.phone_id is 'Random name';
comment on column healthcode.phone.resident_key is 'Whose it is';
comment on column healthcode.phone.slot is 'One of a resident''s four places: nobody has more telephones';
comment on column healthcode.phone.point is 'The public key that was made on the telephone: a point of P-256, uncompressed';
comment on column healthcode.phone.registered_at is 'When its resident registered it';
comment on column healthcode.phone.token is 'Keyed digest of the identifier of its present token, by which a shown code is found';
comment on column healthcode.phone.token_ends is 'The first instant at which that token is good no longer';
comment on column healthcode.phone.newest_step is 'The latest step of that token of which a code was taken, so that it is taken once; not where. Empty with a new token';
create unique index phone_token on healthcode.phone (token);
comment on index healthcode.phone_token is 'Finds the telephone of a shown code';
grant select, insert, delete, update (token, token_ends, newest_step) on healthcode.phone to salus_care;
