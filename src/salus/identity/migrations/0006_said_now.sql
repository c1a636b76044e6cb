create table identity.said (
    digest bytea not null,
    chart_key bigint not null,
    holding text not null check (holding in ('own', 'guardian')),
    type text not null,
    primary key (digest, chart_key)
);
comment on table identity.said is 'Which numbers charts say now; a number whose place another took is only in identity.number still';
comment on column identity.said.digest is 'Keyed digest of the number, as in identity.number';
comment on column identity.said.chart_key is 'The source record';
comment on column identity.said.holding is 'own, or guardian: somebody else''s, by the birth date that the chart says now';
comment on column identity.said.type is 'The type of document';
create index said_chart on identity.said (chart_key);
comment on index identity.said_chart is 'So that the numbers of a resident''s charts are found';
grant select, insert, update (holding), delete on identity.said to salus_care;
insert into identity.said select digest, chart_key, holding, type from identity.number;
