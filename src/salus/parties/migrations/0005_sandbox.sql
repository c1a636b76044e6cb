alter table parties.facility add column sandbox boolean not null default false;
comment on column parties.facility.sandbox is 'For trying: its people are fictional, stand in no index and no count, and it opens nobody else''s record';
alter table parties.facility add constraint facility_sandbox_check check (not sandbox or kind in (
    'hospital', 'clinic', 'community-health-centre', 'township-health-centre', 'village-clinic',
    'maternal-and-child-centre', 'emergency-centre'
));
