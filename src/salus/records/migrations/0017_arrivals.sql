create table records.connection (
    facility text not null,
    source text not null,
    first_day date not null,
    last_day date not null,
    acceptances bigint not null,
    entries bigint not null,
    primary key (facility, source)
);
comment on table records.connection is 'Since when and until when each facility sends, by which way; filled from the outbox';
comment on column records.connection.facility is 'Who sends';
comment on column records.connection.source is 'By which way: fhir, v2, import';
comment on column records.connection.first_day is 'Civil day (UTC+8) of the first thing taken in';
comment on column records.connection.last_day is 'Civil day (UTC+8) of the last thing taken in';
comment on column records.connection.acceptances is 'How many times something was taken in';
comment on column records.connection.entries is 'How many resources that were';
grant select, insert, update (first_day, last_day, acceptances, entries) on records.connection to salus_care;
insert into records.connection (facility, source, first_day, last_day, acceptances, entries)
select d.facility, a.source, min((a.at at time zone 'UTC' + interval '8 hours')::date),
    max((a.at at time zone 'UTC' + interval '8 hours')::date), count(*), sum(d.entries)
from records.delivery d join records.acceptance a on a.acceptance = d.acceptance group by d.facility, a.source;

create table records.arrived (
    facility text not null,
    day date not null,
    source text not null,
    type text not null,
    kind text not null check (kind in ('resource', 'element', 'delay', 'again')),
    detail text not null,
    resources bigint not null,
    primary key (facility, day, source, type, kind, detail)
);
comment on table records.arrived is 'How many resources arrived, by day, and what they carried; filled from the outbox, names nobody';
comment on column records.arrived.facility is 'Who sent them';
comment on column records.arrived.day is 'Civil day (UTC+8) of arrival';
comment on column records.arrived.source is 'By which way: fhir, v2, import';
comment on column records.arrived.type is 'FHIR resource type';
comment on column records.arrived.kind is 'resource: all; element: those that carry an element of the core set; delay: new ones by days from event to arrival; again: those of which the same was sent before';
comment on column records.arrived.detail is 'Of an element its name in the core set, of a delay the number of days, else empty';
comment on column records.arrived.resources is 'How many';
create index arrived_day on records.arrived (day);
grant select, insert, update (resources) on records.arrived to salus_care;

create table records.turned_away (
    facility text not null,
    day date not null,
    source text not null,
    code text not null,
    detail text not null,
    entries bigint not null,
    primary key (facility, day, source, code, detail)
);
comment on table records.turned_away is 'How many entries were refused, by day and reason; never what was in them';
comment on column records.turned_away.facility is 'Who sent them';
comment on column records.turned_away.day is 'Civil day (UTC+8)';
comment on column records.turned_away.source is 'By which way: fhir, v2, import';
comment on column records.turned_away.code is 'Stable code of the error';
comment on column records.turned_away.detail is 'Key of the rule that was broken, else FHIR''s issue code, else empty';
comment on column records.turned_away.entries is 'How many';
grant select, insert, update (entries) on records.turned_away to salus_care;

create table records.sent (
    facility text not null,
    digest bigint not null,
    day date not null,
    primary key (facility, digest)
);
comment on table records.sent is 'Keyed digests of what each facility sent in the last 90 days, to count what is sent again';
comment on column records.sent.facility is 'Who sent it';
comment on column records.sent.digest is 'First 8 bytes of the keyed digest of resident and content, ids and references left out';
comment on column records.sent.day is 'Civil day (UTC+8) on which it was sent first';
create index sent_day on records.sent (day);
grant select, insert, delete on records.sent to salus_care;

alter table records.chart drop constraint chart_kind_check;
alter table records.chart add constraint chart_kind_check check (kind in ('resident', 'directory', 'facility', 'sandbox'));
comment on column records.chart.kind is 'resident: a person''s; directory: institutions and terms; facility: a facility''s own papers; sandbox: a fictional person''s, no resident''s';
drop index records.chart_common;
create unique index chart_common on records.chart (facility, kind) where kind in ('directory', 'facility');
