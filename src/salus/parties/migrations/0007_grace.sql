create table parties.grace (
    facility text primary key references parties.facility,
    organisation text not null,
    kind text not null,
    county text not null
);
comment on table parties.grace is 'Places of care that were registered before admissions came, as they were then. Nobody adds to it; a leaf of the log holds its digest';
comment on column parties.grace.facility is 'The place';
comment on column parties.grace.organisation is 'The body that ran it then';
comment on column parties.grace.kind is 'What it was then';
comment on column parties.grace.county is 'The county it lay in then';
insert into parties.grace (facility, organisation, kind, county)
select id, organisation, kind, county from parties.facility where not sandbox and kind in (
    'hospital', 'clinic', 'community-health-centre', 'township-health-centre', 'village-clinic',
    'maternal-and-child-centre', 'emergency-centre'
);
grant select on parties.grace to salus_registry;
