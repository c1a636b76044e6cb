create table healthcode.void_leaf (
    list_number integer not null,
    index integer not null,
    blinding bytea not null check (octet_length(blinding) = 32),
    commitment bytea not null unique check (octet_length(commitment) = 32),
    pending_id uuid not null,
    month date not null check (extract(day from month) = 1),
    primary key (list_number, index)
);
create index void_leaf_month on healthcode.void_leaf (month);
comment on table healthcode.void_leaf is 'The leaf of the public log that each void certificate has, with what opens its commitment';
comment on column healthcode.void_leaf.list_number is 'The list of the void certificate';
comment on column healthcode.void_leaf.index is 'Its place in the list';
comment on column healthcode.void_leaf.blinding is 'Random; without it nobody finds out what the leaf is about';
comment on column healthcode.void_leaf.commitment is 'SHA-256 of place, reason and blinding, which is all that the public log shows';
comment on column healthcode.void_leaf.pending_id is 'Name of the leaf while it waited for its place';
comment on column healthcode.void_leaf.month is 'First day of the month whose public count it stands in: the month it became void, or the first not yet told';
comment on index healthcode.void_leaf_month is 'Counting a month';
grant select, insert on healthcode.void_leaf to salus_care;

create table healthcode.voids_told (
    month date not null check (extract(day from month) = 1),
    reason text not null check (reason in ('holder', 'superseded', 'not-ones-own', 'together')),
    count integer not null check (count > 0),
    pending_id uuid not null,
    primary key (month, reason)
);
comment on table healthcode.voids_told is 'How many certificates became void in a month that is over, as the public log was told';
comment on column healthcode.voids_told.month is 'First day of the month, in UTC';
comment on column healthcode.voids_told.reason is 'Why; together: reasons whose counts are too small to stand alone';
comment on column healthcode.voids_told.count is 'How many';
comment on column healthcode.voids_told.pending_id is 'Name of the leaf while it waited for its place';
grant select, insert on healthcode.voids_told to salus_care;
