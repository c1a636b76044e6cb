create table records.published (
    month date not null check (extract(day from month) = 1),
    county text not null,
    figures text not null,
    primary key (month, county)
);
comment on table records.published is 'The population''s figures as they left the house, once for each month; nobody in them';
comment on column records.published.month is 'First day of the month at whose end they count';
comment on column records.published.county is 'The county of whoever keeps the records; empty for those whose record nobody declared to keep, and always there';
comment on column records.published.figures is 'JSON: what was shown, and the counts that the figures of the month after are held against';
grant select, insert on records.published to salus_care;
