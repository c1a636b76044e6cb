alter table access.entry drop constraint entry_reader_role_check;
alter table access.entry add constraint entry_reader_role_check check (
    reader_role in (
        'hospital-system', 'sampling-site', 'laboratory', 'department-system', 'clinician', 'reception', 'resident',
        'epidemiologist', 'commander', 'appeal-officer', 'index-reviewer', 'auditor', 'operator'
    )
);
alter table access.refusal drop constraint refusal_role_check;
alter table access.refusal add constraint refusal_role_check check (
    role in (
        'hospital-system', 'sampling-site', 'laboratory', 'department-system', 'clinician', 'reception', 'resident',
        'epidemiologist', 'commander', 'appeal-officer', 'index-reviewer', 'auditor', 'operator'
    )
);
