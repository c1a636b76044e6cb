alter table parties.account drop constraint account_role_check;
alter table parties.account add constraint account_role_check check (role in (
    'clinician', 'reception', 'epidemiologist', 'commander', 'appeal-officer', 'index-reviewer', 'access-reviewer',
    'auditor', 'operator', 'resident'
));
alter table parties.account drop constraint account_facility_check;
alter table parties.account add constraint account_facility_check check ((facility is not null) = (role in (
    'clinician', 'reception', 'epidemiologist', 'commander', 'appeal-officer', 'index-reviewer', 'access-reviewer'
)));
