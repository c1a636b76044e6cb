create table healthcode.full_certificate (
    certificate_id uuid primary key,
    resident_key bigint not null,
    resource_id uuid not null,
    form text not null check (form in ('HC1', 'SHC')),
    content bytea not null,
    at timestamptz not null,
    ends timestamptz not null check (ends > at)
);
comment on table healthcode.full_certificate is 'Certificates in formats of other systems, with name and birth date, that residents took of their own records; never changed';
comment on column healthcode.full_certificate.certificate_id is 'Random name';
comment on column healthcode.full_certificate.resident_key is 'Whose it is';
comment on column healthcode.full_certificate.resource_id is 'The entry of the record that says the fact';
comment on column healthcode.full_certificate.form is 'The format: HC1 (EU DCC) or SHC (SMART Health Card)';
comment on column healthcode.full_certificate.content is 'Its text, sealed to this row';
comment on column healthcode.full_certificate.at is 'When it was taken';
comment on column healthcode.full_certificate.ends is 'When it ends by itself; nothing ends it sooner, since other systems do not ask us';
create index full_certificate_resident on healthcode.full_certificate (resident_key, at);
comment on index healthcode.full_certificate_resident is 'A resident''s own, the newest first';
grant select, insert on healthcode.full_certificate to salus_care;
