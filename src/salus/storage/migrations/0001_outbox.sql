grant usage on schema storage to salus_care, salus_registry, salus_ledger, salus_relay;

create table storage.outbox (
    id bigint generated always as identity primary key,
    kind text not null,
    payload jsonb not null,
    at timestamptz not null default now(),
    attempts smallint not null default 0,
    parked text
);
comment on table storage.outbox is 'Events written with the change they tell of; drained at least once';
comment on column storage.outbox.id is 'Identifies the event for idempotent handlers; not in order of commit';
comment on column storage.outbox.kind is 'What happened';
comment on column storage.outbox.payload is 'Keys of what it happened to; never names, numbers or clinical content';
comment on column storage.outbox.at is 'When the transaction began';
comment on column storage.outbox.attempts is 'How often a handler failed';
comment on column storage.outbox.parked is 'Error code of an event that waits for a person';
create index outbox_waiting on storage.outbox (id) where parked is null;
grant insert on storage.outbox to salus_care, salus_registry, salus_ledger;
grant select, update, delete on storage.outbox to salus_relay;
