create schema access;
comment on schema access is 'The register of reads, its private hash chain, care relations and refusals';
grant usage on schema access to salus_care, salus_relay;

create sequence access.batch_number;
grant usage on sequence access.batch_number to salus_care;

create table access.entry (
    batch bigint not null,
    item integer not null check (item >= 0),
    reader_role text not null check (
        reader_role in ('hospital-system', 'clinician', 'reception', 'resident', 'auditor', 'operator')
    ),
    reader text not null,
    facility text,
    resident_key bigint,
    chart_keys bigint[] not null,
    what text not null,
    count integer not null check (count >= 0),
    action text not null,
    purpose text not null check (purpose in ('TREAT', 'ETREAT', 'PUBHLTH', 'PATRQT', 'HOPERAT', 'HRESCH')),
    ground text not null,
    unwraps smallint not null check (unwraps >= 0),
    at timestamptz not null,
    nonce bytea not null check (length(nonce) = 16),
    primary key (batch, item)
);
comment on table access.entry is 'Register of reads: one row for each resident in each request, written before any byte of the answer leaves';
comment on column access.entry.batch is 'The group of reads that were committed together; numbers may have gaps and commit out of order';
comment on column access.entry.item is 'Place within the batch, from 0 without gaps';
comment on column access.entry.reader_role is 'What the reader was';
comment on column access.entry.reader is 'Identifier of the staff member, the system or the resident account; never a name';
comment on column access.entry.facility is 'The reader''s facility, if any';
comment on column access.entry.resident_key is 'Whose record; null where no resident is known or it is in nobody''s chart';
comment on column access.entry.chart_keys is 'The charts that were opened';
comment on column access.entry.what is 'Resource type or view that was read';
comment on column access.entry.count is 'How many resources were shown; 0 where a search found none';
comment on column access.entry.action is 'What the policy was asked for';
comment on column access.entry.purpose is 'The purpose of use that the reader named; a closed list';
comment on column access.entry.ground is 'Why the policy allowed it';
comment on column access.entry.unwraps is 'How many chart keys were unwrapped for it; the sum equals the count that keys keeps';
comment on column access.entry.at is 'When';
comment on column access.entry.nonce is 'Random, so that the hash of an entry reveals nothing about it';
create index entry_of_resident on access.entry (resident_key, batch desc) where resident_key is not null;
grant select, insert on access.entry to salus_care;
grant select on access.entry to salus_relay;

create table access.unchained (
    batch bigint primary key
);
comment on table access.unchained is 'Batches that wait for the chain; written with their entries, removed with being chained';
comment on column access.unchained.batch is 'The batch';
grant insert on access.unchained to salus_care;
grant select, delete on access.unchained to salus_relay;

create table access.chained (
    batch bigint primary key,
    first_position bigint unique,
    hashes bytea not null check (length(hashes) % 32 = 0)
);
alter table access.chained alter column hashes set storage main;
comment on table access.chained is 'Where each batch stands in the private Merkle tree, and its leaf hashes: the lowest level of that tree';
comment on column access.chained.batch is 'The batch';
comment on column access.chained.first_position is 'Position of its first entry; the others follow. Null if its entries were gone before they could be chained';
comment on column access.chained.hashes is 'Leaf hashes of its entries, 32 bytes each, in the order of their items';
grant select, insert on access.chained to salus_relay;
grant select on access.chained to salus_care;

create table access.subtree (
    level smallint not null check (level > 0),
    index bigint not null check (index >= 0),
    hash bytea not null check (length(hash) = 32),
    primary key (level, index)
);
comment on table access.subtree is 'The higher levels of the private Merkle tree: 256 neighbouring rows are one tile';
comment on column access.subtree.level is 'Level of tiles: a row covers 256 to the power of level entries';
comment on column access.subtree.index is 'Place within the level, from 0';
comment on column access.subtree.hash is 'Root of that complete subtree (RFC 6962)';
grant select, insert on access.subtree to salus_relay;
grant select on access.subtree to salus_care;

create table access.anchored (
    size bigint primary key check (size > 0),
    root bytea not null check (length(root) = 32),
    custodian text not null,
    pending_id uuid not null
);
comment on table access.anchored is 'Roots of the private tree that were handed to the public log';
comment on column access.anchored.size is 'How many entries the root covers';
comment on column access.anchored.root is 'The root (RFC 6962)';
comment on column access.anchored.custodian is 'The node that keeps this register, as the leaf names it';
comment on column access.anchored.pending_id is 'The name under which the leaf waited for its place in the log';
grant select, insert on access.anchored to salus_relay;
grant select on access.anchored to salus_care;

create table access.relation (
    facility text not null,
    resident_key bigint not null,
    ends_at timestamptz not null,
    opened_at timestamptz not null,
    opened_by text not null,
    primary key (facility, resident_key, ends_at, opened_by),
    check (ends_at > opened_at and ends_at - opened_at <= interval '24 hours')
);
comment on table access.relation is 'Care relations: while one is open the facility may read the record of this resident';
comment on column access.relation.facility is 'The facility';
comment on column access.relation.resident_key is 'The resident who is there';
comment on column access.relation.ends_at is 'The first instant at which it is closed again';
comment on column access.relation.opened_at is 'The first instant at which it is open';
comment on column access.relation.opened_by is 'Identifier of the staff member or system that was shown the code';
create index relation_of_facility on access.relation (facility, ends_at);
grant select, insert on access.relation to salus_care;

create table access.refusal (
    id bigint generated always as identity primary key,
    code text not null check (code ~ '^[A-Za-z0-9-]{1,40}$'),
    role text not null check (
        role in ('hospital-system', 'clinician', 'reception', 'resident', 'auditor', 'operator')
    ),
    principal text not null,
    facility text,
    action text not null check (action ~ '^[a-z-]{1,40}$'),
    purpose text check (purpose in ('TREAT', 'ETREAT', 'PUBHLTH', 'PATRQT', 'HOPERAT', 'HRESCH')),
    at timestamptz not null
);
comment on table access.refusal is 'What was refused, to whom; in a transaction of its own, so that it stays when the request is rolled back';
comment on column access.refusal.id is 'In order of insertion';
comment on column access.refusal.code is 'Stable code or ground of the refusal; never free text';
comment on column access.refusal.role is 'What the refused principal was';
comment on column access.refusal.principal is 'Its identifier; never a name';
comment on column access.refusal.facility is 'Its facility, if any';
comment on column access.refusal.action is 'What it asked for';
comment on column access.refusal.purpose is 'The purpose that it named, if any';
comment on column access.refusal.at is 'When';
grant select, insert on access.refusal to salus_care;
