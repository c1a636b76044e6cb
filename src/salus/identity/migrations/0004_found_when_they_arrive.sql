create table identity.person (
    chart_key bigint primary key,
    source text not null,
    sealed bytea not null,
    layout smallint not null,
    at timestamptz not null
);
comment on table identity.person is 'Who each chart says that somebody is, prepared for comparing and sealed; of each chart what it says now';
comment on column identity.person.chart_key is 'The source record';
comment on column identity.person.source is 'The facility whose chart it is';
comment on column identity.person.sealed is 'What is compared, sealed under the custodian''s key; it opens for this chart only';
comment on column identity.person.layout is 'How the sealed bytes are laid out; it says nothing of the model that weighs them';
comment on column identity.person.at is 'When the chart said so';
grant select, insert, update (source, sealed, layout, at) on identity.person to salus_care;

create table identity.found_by (
    digest bigint not null,
    chart_key bigint not null,
    primary key (digest, chart_key)
);
comment on table identity.found_by is 'Under which keys charts are found when somebody arrives who may be the same person';
comment on column identity.found_by.digest is '64 bits of the keyed digest of a rule and a key of it';
comment on column identity.found_by.chart_key is 'The source record';
grant select, insert, delete on identity.found_by to salus_care;

alter table identity.number add column type text not null default 'resident-id';
comment on column identity.number.type is 'The type of document that carried it';
alter table identity.number add column valid_from date;
comment on column identity.number.valid_from is 'The first day on which the document is valid; null where nobody says';
alter table identity.number add column valid_until date;
comment on column identity.number.valid_until is 'The day from which it is not valid any more; null where nobody says';
alter table identity.number add column verified boolean not null default false;
comment on column identity.number.verified is 'Whether somebody saw the document, or a register confirmed it';

drop table identity.called;
