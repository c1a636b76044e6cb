create table records.surveying (
    layout smallint primary key,
    until bigint not null,
    done bigint not null
);
comment on table records.surveying is 'How far the charts of earlier releases were surveyed for the population register and follow-up; what arrives is noted as it arrives';
comment on column records.surveying.layout is 'The layout of what is noted';
comment on column records.surveying.until is 'The last chart that was opened before there was this layout';
comment on column records.surveying.done is 'The last chart that was surveyed';
insert into records.surveying (layout, until, done) select 1, coalesce(max(chart_key), 0), 0 from records.chart;
grant select, insert, update (done) on records.surveying to salus_care;
