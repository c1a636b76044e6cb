create table records.found (
    resource_key bigint primary key,
    chart_key bigint not null,
    scope bigint not null,
    updated_at timestamptz not null,
    lo timestamptz,
    hi timestamptz,
    present smallint[] not null,
    digests bigint[] not null,
    targets bigint[] not null
) with (fillfactor = 95);
comment on table records.found is 'What each resource is found by, of its current version: one row each, digests and keys of ours alone';
comment on column records.found.resource_key is 'The resource';
comment on column records.found.chart_key is 'The chart it belongs to';
comment on column records.found.scope is '64 bits of the keyed digest of facility and type; of institutions and terms of the type alone';
comment on column records.found.updated_at is 'When the current version was stored';
comment on column records.found.lo is 'Of frequent clinical types: start of what their one date covers';
comment on column records.found.hi is 'End of it, exclusive';
comment on column records.found.present is 'The numbers of the type''s slots at which something is there';
comment on column records.found.digests is '64 bits each of the keyed digests of facility, type, element path and form of a value';
comment on column records.found.targets is 'The keys of the resources that it refers to, each times 1024, plus the number of the slot';
create index found_scope on records.found (scope, updated_at, resource_key);
create index found_chart on records.found (chart_key, scope);
create index found_when on records.found (scope, hi);
create index found_by on records.found using gin (digests, targets) with (fastupdate = on, gin_pending_list_limit = 512);
comment on index records.found_scope is 'One facility''s resources of a type in the order of their storing; pages continue in it';
comment on index records.found_chart is 'A chart''s resources of a type';
comment on index records.found_when is 'One facility''s resources of a frequent type by their date';
comment on index records.found_by is 'By any value or reference; several at once meet in it';
alter table records.found alter column digests set statistics 300;
grant select, insert, delete on records.found to salus_care;

create table records.charted (
    chart_key bigint not null,
    code bigint not null,
    lo timestamptz,
    hi timestamptz,
    resource_key bigint not null
);
comment on table records.charted is 'Frequent clinical types once more by chart, code and date: what care asks for most';
comment on column records.charted.chart_key is 'The chart';
comment on column records.charted.code is '64 bits of the keyed digest of facility, type, element path and code, whatever its system';
comment on column records.charted.lo is 'Start of what the resource''s one date covers';
comment on column records.charted.hi is 'End of it, exclusive';
comment on column records.charted.resource_key is 'The resource';
create index charted_code on records.charted (chart_key, code, hi, lo, resource_key);
comment on index records.charted_code is 'A chart''s entries of a code, by their date';
grant select, insert, delete on records.charted to salus_care;

create table records.found_date (
    key bigint not null,
    lo timestamptz not null,
    hi timestamptz not null,
    resource_key bigint not null
);
comment on table records.found_date is 'All other dates that resources are found by';
comment on column records.found_date.key is '64 bits of the keyed digest of facility, type and element path';
comment on column records.found_date.lo is 'Start of what the date covers';
comment on column records.found_date.hi is 'End of it, exclusive';
comment on column records.found_date.resource_key is 'The resource';
create index found_date_key on records.found_date (key, hi, lo);
create index found_date_resource on records.found_date (resource_key, key);
comment on index records.found_date_key is 'One facility''s dates at an element path';
comment on index records.found_date_resource is 'A resource''s dates';
grant select, insert, delete on records.found_date to salus_care;

create table records.found_number (
    key bigint not null,
    lo numeric not null,
    hi numeric not null,
    unit bigint not null,
    code bigint not null,
    label bigint not null,
    resource_key bigint not null
);
comment on table records.found_number is 'Numbers and quantities that resources are found by, as they are written and once more in base units';
comment on column records.found_number.key is '64 bits of the keyed digest of facility, type, element path, base unit, and of a component its code';
comment on column records.found_number.lo is 'The number, or the lower end of a range';
comment on column records.found_number.hi is 'The number, or the upper end of a range';
comment on column records.found_number.unit is '64 bits of the keyed digest of the unit''s system and code; 0 without';
comment on column records.found_number.code is '64 bits of the keyed digest of the unit''s code; 0 without';
comment on column records.found_number.label is '64 bits of the keyed digest of the unit as printed; 0 without';
comment on column records.found_number.resource_key is 'The resource';
create index found_number_key on records.found_number (key, hi, lo);
create index found_number_resource on records.found_number (resource_key, key);
comment on index records.found_number_key is 'One facility''s numbers at an element path';
comment on index records.found_number_resource is 'A resource''s numbers';
grant select, insert, delete on records.found_number to salus_care;

create table records.indexing (
    layout smallint primary key,
    until bigint not null,
    done bigint not null
);
comment on table records.indexing is 'How far the resources of earlier releases have their search rows; while some lack them, no search answers';
comment on column records.indexing.layout is 'The layout of search rows';
comment on column records.indexing.until is 'The last resource that was stored before there was this layout';
comment on column records.indexing.done is 'The last resource that has its rows';
insert into records.indexing (layout, until, done) select 1, coalesce(max(resource_key), 0), 0 from records.resource;
grant select, insert, update (done) on records.indexing to salus_care;

delete from records.token where param between 4 and 7;
delete from records.token where param = 1 and type not in ('Condition', 'Encounter', 'Observation');
comment on table records.token is 'What is counted by, and the identifiers that writing goes by: keyed digests of the current version';
comment on column records.token.param is '1 code of what is counted, 2 identifier, 3 what a positive result found, or an admission';
