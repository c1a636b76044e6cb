create table healthcode.card (
    card_id uuid primary key,
    resident_key bigint not null,
    facility text not null,
    ordered_by text not null,
    agreed text not null check (agreed in ('said', 'signed')),
    paper text,
    at timestamptz not null,
    check ((agreed = 'signed') = (paper is not null))
);
comment on table healthcode.card is 'Cards with an identity code that desks ordered for residents who were there and agreed; only ever added to';
comment on column healthcode.card.card_id is 'Random name';
comment on column healthcode.card.resident_key is 'Whose code: the identifier under which the code was issued';
comment on column healthcode.card.facility is 'The facility whose desk ordered it, and which alone prints it';
comment on column healthcode.card.ordered_by is 'Identifier of the member of staff who heard the resident agree';
comment on column healthcode.card.agreed is 'said: aloud; signed: on a paper';
comment on column healthcode.card.paper is 'Number of the signed paper as the facility files it; null where it was said';
comment on column healthcode.card.at is 'When it was ordered';
create index card_of_facility on healthcode.card (facility, at);
create index card_of_resident on healthcode.card (resident_key, at);
grant select, insert on healthcode.card to salus_care;

create table healthcode.card_printed (
    card_id uuid primary key,
    at timestamptz not null
);
comment on table healthcode.card_printed is 'Which cards are printed: each once';
comment on column healthcode.card_printed.card_id is 'The card';
comment on column healthcode.card_printed.at is 'When';
grant select, insert on healthcode.card_printed to salus_care;

create table healthcode.share (
    share_id uuid primary key,
    giver bigint not null,
    kind text not null check (kind in ('given', 'guardian')),
    initial bytea not null,
    key bytea not null unique check (octet_length(key) = 16),
    digest bytea not null unique check (octet_length(digest) = 16),
    identifier bytea not null,
    offered timestamptz not null,
    until timestamptz not null,
    offered_by text not null,
    paper text,
    check (until > offered),
    check ((kind = 'guardian') = (paper is not null))
);
comment on table healthcode.share is 'Rights to show another''s identity code, and nothing else of theirs; only ever added to';
comment on column healthcode.share.share_id is 'Random name';
comment on column healthcode.share.giver is 'Whose code: the identifier under which it was given';
comment on column healthcode.share.kind is 'given: by the resident; guardian: at a desk, for a child, on a paper';
comment on column healthcode.share.initial is 'Initial of the giver''s name, sealed to this row, so that codes can be told apart';
comment on column healthcode.share.key is 'Keyed digest of the key that hands the right over, once';
comment on column healthcode.share.digest is 'Keyed digest of the identifier of the code that this right shows and no other does, by which it is found';
comment on column healthcode.share.identifier is 'That random identifier, sealed to this row';
comment on column healthcode.share.offered is 'When it was given';
comment on column healthcode.share.until is 'The first instant at which it no longer holds';
comment on column healthcode.share.offered_by is 'Identifier of the resident''s account, or of the member of staff';
comment on column healthcode.share.paper is 'Number of the paper that a guardian showed, as the facility files it';
create index share_of_giver on healthcode.share (giver, offered);
grant select, insert on healthcode.share to salus_care;

create table healthcode.share_taken (
    share_id uuid primary key,
    holder bigint not null,
    at timestamptz not null
);
comment on table healthcode.share_taken is 'Who took a right to show a code';
comment on column healthcode.share_taken.share_id is 'The right';
comment on column healthcode.share_taken.holder is 'Who may show the code: the identifier under which it was taken';
comment on column healthcode.share_taken.at is 'Since when';
create index share_of_holder on healthcode.share_taken (holder, at);
grant select, insert on healthcode.share_taken to salus_care;

create table healthcode.share_ended (
    share_id uuid primary key,
    ended_by text not null,
    at timestamptz not null
);
comment on table healthcode.share_ended is 'Rights that were ended before their end, by either side';
comment on column healthcode.share_ended.share_id is 'The right';
comment on column healthcode.share_ended.ended_by is 'Identifier of the account that ended it';
comment on column healthcode.share_ended.at is 'Since when';
grant select, insert on healthcode.share_ended to salus_care;

alter table healthcode.certificate add column once boolean not null default false;
comment on column healthcode.certificate.once is 'One of a batch to be shown once each: it lives a day, and carries no hint';
