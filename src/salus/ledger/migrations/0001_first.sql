create schema ledger;
comment on schema ledger is 'The public log: what waits, what stands in it, its tiles, and every head that was signed';
grant usage on schema ledger to salus_care, salus_registry, salus_relay, salus_ledger;

create table ledger.pending (
    pending_id uuid primary key,
    entry bytea not null check (length(entry) between 1 and 1024)
);
comment on table ledger.pending is 'Leaves that wait for the next batch; without any order, so that the log shows none';
comment on column ledger.pending.pending_id is 'Random name under which whoever handed the leaf over finds it again';
comment on column ledger.pending.entry is 'The bytes that will stand in the log; judged again before they do';
grant insert on ledger.pending to salus_care, salus_registry, salus_relay, salus_ledger;
grant select, delete on ledger.pending to salus_ledger;

create table ledger.leaf (
    leaf_index bigint primary key check (leaf_index >= 0),
    pending_id uuid not null unique,
    entry bytea not null check (length(entry) between 1 and 1024)
);
comment on table ledger.leaf is 'The log itself: entries that have a place. Public, without personal data';
comment on column ledger.leaf.leaf_index is 'Place in the log, from 0 and without gaps; the order within a batch is random';
comment on column ledger.leaf.pending_id is 'Name of the leaf while it waited';
comment on column ledger.leaf.entry is 'Canonical JSON of a leaf of a closed kind';
grant select, insert on ledger.leaf to salus_ledger;

create table ledger.checkpoint (
    size bigint primary key check (size > 0),
    root bytea not null check (length(root) = 32),
    note text not null,
    signed timestamptz not null
);
comment on table ledger.checkpoint is 'Every head of the log that was ever signed (C2SP tlog-checkpoint)';
comment on column ledger.checkpoint.size is 'Number of leaves';
comment on column ledger.checkpoint.root is 'Root of the tree over them (RFC 6962)';
comment on column ledger.checkpoint.note is 'The signed note, as published';
comment on column ledger.checkpoint.signed is 'When it was signed, by the node''s clock';
grant select, insert on ledger.checkpoint to salus_ledger;

create table ledger.tile (
    level smallint not null check (level between 0 and 7),
    tile_index bigint not null check (tile_index >= 0),
    width smallint not null check (width between 1 and 256),
    size bigint not null,
    hashes bytea not null check (length(hashes) = width * 32),
    primary key (level, tile_index, width)
);
create index tile_size on ledger.tile (size);
alter table ledger.tile alter column hashes set storage external;
comment on table ledger.tile is 'Tiles of hashes (C2SP tlog-tiles, height 8), each partial one that a signed head needs included';
comment on column ledger.tile.level is 'Level: a hash covers 256 to the power of level leaves';
comment on column ledger.tile.tile_index is 'Place of the tile within its level, from 0';
comment on column ledger.tile.width is 'Number of hashes; 256 is a full tile';
comment on column ledger.tile.size is 'Size of the log whose checkpoint first needed this tile';
comment on column ledger.tile.hashes is 'The hashes, 32 bytes each, as published';
grant select, insert on ledger.tile to salus_ledger;

create table ledger.parked (
    pending_id uuid not null,
    entry bytea not null,
    reason text not null,
    parked timestamptz not null
);
comment on table ledger.parked is 'What was handed over and may not stand in the log; kept for a person to look at, never published';
comment on column ledger.parked.pending_id is 'Its name while it waited';
comment on column ledger.parked.entry is 'Its bytes';
comment on column ledger.parked.reason is 'Why it was refused';
comment on column ledger.parked.parked is 'When it was set aside, by the node''s clock';
grant select, insert on ledger.parked to salus_ledger;
