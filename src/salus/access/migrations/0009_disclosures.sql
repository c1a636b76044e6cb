create table access.disclosure (
    commitment bytea primary key check (octet_length(commitment) = 32),
    notice_at timestamptz not null,
    handed_at timestamptz not null check (notice_at <= handed_at + interval '90 days'),
    pending_id uuid not null
);
comment on table access.disclosure is 'What courts ordered to be shown to them, as it was handed to the public log: nothing here says of whom';
comment on column access.disclosure.commitment is 'SHA-256 of the document, which is blinded';
comment on column access.disclosure.notice_at is 'When the resident is told at the latest; never more than 90 days on';
comment on column access.disclosure.handed_at is 'When it was handed to the log, by the node''s clock';
comment on column access.disclosure.pending_id is 'The name under which the leaf waited for its place in the log';
grant select, insert on access.disclosure to salus_care;

create table access.disclosed (
    commitment bytea primary key references access.disclosure,
    resident_key bigint not null,
    batch bigint not null,
    item integer not null check (item >= 0),
    told_at timestamptz not null,
    done_at timestamptz not null check (told_at <= done_at + interval '90 days')
);
comment on table access.disclosed is 'Disclosures that were carried out, once each; the entry of the register shows from told_at on, by itself';
comment on column access.disclosed.commitment is 'The disclosure';
comment on column access.disclosed.resident_key is 'Of whom';
comment on column access.disclosed.batch is 'The batch of its entry in the register of reads';
comment on column access.disclosed.item is 'The place of that entry within the batch';
comment on column access.disclosed.told_at is 'The first instant at which the resident is shown the entry; nothing can move it';
comment on column access.disclosed.done_at is 'When it was carried out, by the node''s clock';
create index disclosed_of_resident on access.disclosed (resident_key, told_at);
grant select, insert on access.disclosed to salus_care;
