create table access.unwraps_published (
    day date primary key,
    entries bigint not null check (entries >= 0),
    unwraps bigint not null check (unwraps >= 0),
    declared bigint not null check (declared >= 0),
    pending_id uuid not null
);
comment on table access.unwraps_published is 'Which days'' counts of opened chart keys were handed to the public log';
comment on column access.unwraps_published.day is 'The UTC day by the node''s clock';
comment on column access.unwraps_published.entries is 'How many entries the register has of it, as the leaf says it; names nobody';
comment on column access.unwraps_published.unwraps is 'How many chart keys were unwrapped, as the keys'' own store counted';
comment on column access.unwraps_published.declared is 'How many unwraps these entries tell of';
comment on column access.unwraps_published.pending_id is 'The name under which the leaf waited for its place in the log';
grant select, insert on access.unwraps_published to salus_care;

create index entry_of_resident_by_person on access.entry (resident_key, batch desc, item desc)
    where resident_key is not null
        and reader_role not in ('hospital-system', 'sampling-site', 'laboratory', 'department-system');
comment on index access.entry_of_resident_by_person is 'Who looked in person: however often systems ask, they hide nobody';

create index entry_by_time on access.entry using brin (at);
comment on index access.entry_by_time is 'What the register tells of one day; a block range is enough, since entries come in the order of time';
