create table records.vital (
    chart_key bigint primary key,
    facility text not null,
    born date,
    sex text check (sex in ('male', 'female', 'other', 'unknown')),
    dead boolean,
    died date,
    vouched boolean not null,
    said_at timestamptz not null,
    check (died is null or dead)
);
comment on table records.vital is 'What each chart''s Patient says of birth, sex and death, as coarse as counting needs: the population register is made of it';
comment on column records.vital.chart_key is 'The chart';
comment on column records.vital.facility is 'The facility that says so';
comment on column records.vital.born is 'First day of the month of birth; null where no month is stated';
comment on column records.vital.sex is 'Administrative gender as FHIR codes it; null where none is stated';
comment on column records.vital.dead is 'Whether a death is stated, or denied in so many words; null where nothing is said of it';
comment on column records.vital.died is 'First day of the month of death: of the day stated, else of the day on which it was said';
comment on column records.vital.vouched is 'Whether the chart carries a valid identity card number that agrees with the birth date';
comment on column records.vital.said_at is 'When the chart''s source said so';
grant select, insert, delete on records.vital to salus_care;

create table records.keeping (
    resource_key bigint primary key,
    chart_key bigint not null,
    facility text not null,
    since date not null,
    until date,
    said_at timestamptz not null
);
comment on table records.keeping is 'Declarations of facilities that they keep a resident''s health record; where somebody is or lives is not in it';
comment on column records.keeping.resource_key is 'The EpisodeOfCare that declares it';
comment on column records.keeping.chart_key is 'The chart it belongs to';
comment on column records.keeping.facility is 'The facility that declares it of itself';
comment on column records.keeping.since is 'Civil day from which it keeps the record';
comment on column records.keeping.until is 'Last civil day on which it keeps the record; null while it does';
comment on column records.keeping.said_at is 'When it was declared, in this version';
create index keeping_chart on records.keeping (chart_key);
create index keeping_facility on records.keeping (facility, chart_key);
grant select, insert, delete on records.keeping to salus_care;

create table records.followed (
    resource_key bigint not null,
    topic bytea not null,
    chart_key bigint not null,
    day date not null,
    primary key (resource_key, topic)
);
comment on table records.followed is 'What follow-up looks at: that something of a topic happened on a day; due dates are worked out of it on reading';
comment on column records.followed.resource_key is 'The resource';
comment on column records.followed.topic is 'Keyed digest of the topic, such as a blood pressure measured or a vaccine given';
comment on column records.followed.chart_key is 'The chart it belongs to';
comment on column records.followed.day is 'Civil day on which it happened, or that the resource tells of';
create index followed_chart on records.followed (chart_key, topic);
grant select, insert, delete on records.followed to salus_care;
