comment on column records.resource.classes is 'Bits: 1 HIV, 2 psychiatry, 4 reproduction; the same times 16 are what those take on that refer to it; 8: is worked out once more, and counts as it stands until then. Only ever added to, but for 8. Null until worked out: then nothing of the chart is shown to others';
create index resource_waits on records.resource (chart_key, resource_key) where classes is null or classes & 8 <> 0;
comment on index records.resource_waits is 'What waits to be worked out, or to be worked out once more; empty but after an upgrade, and after an entry became sensitive that others refer to';
drop index records.resource_unclassed;

create index deleted_waits on records.deleted (chart_key, resource_key) where classes is null or classes & 8 <> 0;
comment on index records.deleted_waits is 'As resource_waits, of what was deleted';
drop index records.deleted_unclassed;
