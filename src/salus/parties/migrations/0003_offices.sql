alter table parties.facility drop constraint facility_kind_check;
alter table parties.facility add constraint facility_kind_check check (kind in (
    'hospital', 'clinic', 'community-health-centre', 'township-health-centre', 'village-clinic',
    'maternal-and-child-centre', 'emergency-centre', 'laboratory', 'sampling-site', 'disease-control-centre',
    'command-centre', 'review-board', 'department'
));
comment on table parties.facility is 'Places of care, laboratories and offices; no other kind exists';
alter table parties.account drop constraint account_role_check;
alter table parties.account add constraint account_role_check check (role in (
    'clinician', 'reception', 'epidemiologist', 'commander', 'appeal-officer', 'auditor', 'operator', 'resident'
));
alter table parties.account drop constraint account_check;
alter table parties.account add constraint account_facility_check check ((facility is not null) = (role in (
    'clinician', 'reception', 'epidemiologist', 'commander', 'appeal-officer'
)));
