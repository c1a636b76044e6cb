create schema keys;
comment on schema keys is 'Wrapped chart keys; a database apart from the data and its back-ups';
grant usage on schema keys to salus_keys;

create table keys.chart_key (
    chart_key bigint primary key,
    wrapped bytea not null check (octet_length(wrapped) = 65),
    made timestamptz not null default now()
);
comment on table keys.chart_key is 'One key for each chart, wrapped by the custodian key';
comment on column keys.chart_key.chart_key is 'The chart''s physical key in the data';
comment on column keys.chart_key.wrapped is 'Version, custodian fingerprint, nonce, AES-256-GCM of the key, bound to the chart';
comment on column keys.chart_key.made is 'When the key was made';
grant select, insert, delete on keys.chart_key to salus_keys;

create table keys.shredded (
    chart_key bigint primary key,
    at timestamptz not null default now()
);
comment on table keys.shredded is 'Tombstones: charts whose key was destroyed and is never made again';
comment on column keys.shredded.chart_key is 'The chart''s physical key in the data';
comment on column keys.shredded.at is 'When the key was destroyed';
grant select, insert on keys.shredded to salus_keys;

create table keys.unwrap_count (
    slot smallint primary key check (slot between 0 and 63),
    unwraps bigint not null default 0
) with (fillfactor = 20);
comment on table keys.unwrap_count is 'How many chart keys were unwrapped, spread over rows; the sum is what counts';
comment on column keys.unwrap_count.slot is 'Server process number modulo 64';
comment on column keys.unwrap_count.unwraps is 'Only grows';
insert into keys.unwrap_count (slot) select generate_series(0, 63);
grant select, update (unwraps) on keys.unwrap_count to salus_keys;

create function keys.refuse_fewer_unwraps() returns trigger language plpgsql as $$
begin
    raise exception 'the count of unwraps only grows';
end
$$;
create trigger unwraps_only_grow before update on keys.unwrap_count
    for each row when (new.unwraps < old.unwraps) execute function keys.refuse_fewer_unwraps();
