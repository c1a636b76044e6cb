create index acceptance_written on records.acceptance (facility, at, acceptance);
create index version_acceptance on records.version (acceptance, resource_key, version);
comment on index records.acceptance_written is 'What a facility wrote, by time: history of a type and of everything';
comment on index records.version_acceptance is 'Which versions were written together';
