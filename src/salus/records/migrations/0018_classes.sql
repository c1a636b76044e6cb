alter table records.resource add column classes smallint check (classes between 0 and 127);
comment on column records.resource.classes is 'Bits: 1 HIV, 2 psychiatry, 4 reproduction; the same times 16 are what those take on that refer to it. Only ever added to. Null until worked out: then nothing of the chart is shown to others';
create index resource_unclassed on records.resource (chart_key, resource_key) where classes is null;
comment on index records.resource_unclassed is 'What waits to be worked out; empty but after an upgrade, and after an entry became sensitive that others refer to';
grant update (classes) on records.resource to salus_care;

alter table records.deleted add column classes smallint check (classes between 0 and 127);
comment on column records.deleted.classes is 'As in records.resource, of which it was moved aside: its history stays closed';
create index deleted_unclassed on records.deleted (chart_key, resource_key) where classes is null;
comment on index records.deleted_unclassed is 'As resource_unclassed, of what was deleted';
grant update (classes) on records.deleted to salus_care;
