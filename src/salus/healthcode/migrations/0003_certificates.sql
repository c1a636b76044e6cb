create table healthcode.certificate (
    certificate_id uuid primary key,
    resident_key bigint not null,
    resource_id uuid not null,
    list_number integer not null check (list_number between 1 and 65535),
    index integer not null check (index between 0 and 1048575),
    content bytea not null,
    at timestamptz not null,
    unique (list_number, index)
);
comment on table healthcode.certificate is 'Certificates that residents took of their own records; never changed, voided in a table of its own';
comment on column healthcode.certificate.certificate_id is 'Random name';
comment on column healthcode.certificate.resident_key is 'Whose it is';
comment on column healthcode.certificate.resource_id is 'The entry of the record that says the fact';
comment on column healthcode.certificate.list_number is 'Which list of void certificates it has its place in';
comment on column healthcode.certificate.index is 'Its place there: random, used once';
comment on column healthcode.certificate.content is 'Its text, sealed to this row';
comment on column healthcode.certificate.at is 'When it was taken';
create index certificate_resident on healthcode.certificate (resident_key, at);
create index certificate_resource on healthcode.certificate (resource_id);
grant select, insert on healthcode.certificate to salus_care;

create table healthcode.voided (
    list_number integer not null,
    index integer not null,
    ground text not null check (ground in ('asked', 'corrected')),
    at timestamptz not null,
    primary key (list_number, index)
);
comment on table healthcode.voided is 'Certificates that are void, by their place and by nothing else; what the published lists are made of';
comment on column healthcode.voided.list_number is 'The list';
comment on column healthcode.voided.index is 'The place in it';
comment on column healthcode.voided.ground is 'asked: its holder asked for it; corrected: the entry of the record was corrected';
comment on column healthcode.voided.at is 'Since when';
grant select, insert on healthcode.voided to salus_care;
