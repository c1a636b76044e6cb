create table keys.unwraps_of_day (
    day date not null,
    slot smallint not null check (slot between 0 and 63),
    unwraps bigint not null default 0 check (unwraps >= 0),
    primary key (day, slot)
) with (fillfactor = 20);
comment on table keys.unwraps_of_day is 'How many chart keys were unwrapped on each day, spread over rows; the sum of a day is published beside what the register tells';
comment on column keys.unwraps_of_day.day is 'The UTC day by the node''s clock; minus infinity holds what was counted before days were told apart';
comment on column keys.unwraps_of_day.slot is 'Server process number modulo 64';
comment on column keys.unwraps_of_day.unwraps is 'Only grows';
grant select, insert, update (unwraps) on keys.unwraps_of_day to salus_keys;
insert into keys.unwraps_of_day (day, slot, unwraps) select '-infinity', slot, unwraps from keys.unwrap_count where unwraps > 0;

drop table keys.unwrap_count;
create trigger unwraps_only_grow before update on keys.unwraps_of_day
    for each row when (new.unwraps < old.unwraps) execute function keys.refuse_fewer_unwraps();
