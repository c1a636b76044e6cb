alter table access.entry drop constraint entry_reader_role_check;
alter table access.entry add constraint entry_reader_role_check check (
    reader_role in (
        'hospital-system', 'sampling-site', 'laboratory', 'department-system', 'clinician', 'reception', 'resident',
        'epidemiologist', 'commander', 'appeal-officer', 'index-reviewer', 'access-reviewer', 'auditor', 'operator'
    )
);
alter table access.refusal drop constraint refusal_role_check;
alter table access.refusal add constraint refusal_role_check check (
    role in (
        'hospital-system', 'sampling-site', 'laboratory', 'department-system', 'clinician', 'reception', 'resident',
        'epidemiologist', 'commander', 'appeal-officer', 'index-reviewer', 'access-reviewer', 'auditor', 'operator'
    )
);

create table access.opening (
    id uuid primary key,
    resident_key bigint not null,
    opened_by text not null,
    facility text not null,
    organisation text not null,
    category text not null check (category in ('unconscious', 'confused', 'life-at-risk', 'poisoning', 'on-the-way')),
    words bytea not null check (octet_length(words) > 0),
    opened_at timestamptz not null,
    ends_at timestamptz not null,
    check (ends_at > opened_at and ends_at - opened_at <= interval '30 minutes')
);
comment on table access.opening is 'Records opened in an emergency, one resident''s by one clinician; only ever added to';
comment on column access.opening.id is 'Identifier, random';
comment on column access.opening.resident_key is 'Whose record: the identifier that was named, with which it stays';
comment on column access.opening.opened_by is 'Identifier of the clinician, who alone reads by it';
comment on column access.opening.facility is 'Where they acted';
comment on column access.opening.organisation is 'The legal body that runs the facility, and judges none of its own openings';
comment on column access.opening.category is 'What the emergency was, from the closed list';
comment on column access.opening.words is 'Why, in the clinician''s words, sealed; for the resident and the reviewer';
comment on column access.opening.opened_at is 'The first instant at which it is open';
comment on column access.opening.ends_at is 'The first instant at which it is closed again; nothing prolongs it';
create index opening_of_resident on access.opening (resident_key, opened_at desc);
create index opening_by_staff on access.opening (opened_by, opened_at);
create index opening_of_facility on access.opening (facility, opened_at);
grant select, insert on access.opening to salus_care;

create table access.opening_review (
    id uuid primary key references access.opening (id),
    upheld boolean not null,
    reviewer text not null,
    organisation text not null,
    at timestamptz not null
);
comment on table access.opening_review is 'What a reviewer of another organisation found of an opening; once, and never changed';
comment on column access.opening_review.id is 'The opening';
comment on column access.opening_review.upheld is 'Whether the emergency bears it out';
comment on column access.opening_review.reviewer is 'Identifier of the access reviewer';
comment on column access.opening_review.organisation is 'The reviewer''s; never the one that opened it';
comment on column access.opening_review.at is 'When';
grant select, insert on access.opening_review to salus_care;

create table access.openings_told (
    day date not null,
    organisation text not null,
    pending_id uuid not null,
    primary key (day, organisation)
);
comment on table access.openings_told is 'Counts of openings in emergencies that were handed to the public log, each once';
comment on column access.openings_told.day is 'The day, in UTC';
comment on column access.openings_told.organisation is 'Whose openings they were';
comment on column access.openings_told.pending_id is 'The name under which the leaf waited for its place in the log';
grant select, insert on access.openings_told to salus_care;
