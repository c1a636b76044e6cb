create table records.occurrence (
    resource_key bigint primary key,
    day date not null,
    type text not null,
    chart_key bigint not null,
    facility text not null
);
comment on table records.occurrence is 'On which day a visit, a diagnosis or a result said as a word happened; counts by day are made of it';
comment on column records.occurrence.resource_key is 'The resource';
comment on column records.occurrence.day is 'Civil day (UTC+8) of its current version';
comment on column records.occurrence.type is 'FHIR resource type: Encounter, Condition or Observation';
comment on column records.occurrence.chart_key is 'The chart it belongs to';
comment on column records.occurrence.facility is 'The facility that sent it';
create index occurrence_day on records.occurrence (day, type, chart_key);
grant select, insert, delete on records.occurrence to salus_care;
comment on column records.token.param is '1 code, 2 identifier, 3 what a positive result found, or an admission';

create table records.uncounted (
    day date not null,
    event bigint not null,
    primary key (day, event)
);
comment on table records.uncounted is 'Days about which something new came in since they were last counted';
comment on column records.uncounted.day is 'Civil day (UTC+8)';
comment on column records.uncounted.event is 'The outbox event that told of it';
grant select, insert, delete on records.uncounted to salus_care;
