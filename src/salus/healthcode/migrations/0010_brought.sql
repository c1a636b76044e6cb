create table healthcode.brought (
    brought_id uuid primary key,
    resident_key bigint not null,
    content bytea not null,
    at timestamptz not null
);
comment on table healthcode.brought is 'Facts out of certificates of other systems that residents brought themselves; shown to them, and decided by nothing';
comment on column healthcode.brought.brought_id is 'Random name';
comment on column healthcode.brought.resident_key is 'Who brought it';
comment on column healthcode.brought.content is 'The facts, who signed them and the SHA-256 of their source, sealed to this row';
comment on column healthcode.brought.at is 'When it was brought';
create index brought_resident on healthcode.brought (resident_key, at);
comment on index healthcode.brought_resident is 'A resident''s own, the newest first';
grant select, insert on healthcode.brought to salus_care;

create table healthcode.brought_out (
    brought_id uuid primary key,
    at timestamptz not null
);
comment on table healthcode.brought_out is 'What residents took out again of what they had brought';
comment on column healthcode.brought_out.brought_id is 'What was taken out';
comment on column healthcode.brought_out.at is 'When';
grant select, insert on healthcode.brought_out to salus_care;
