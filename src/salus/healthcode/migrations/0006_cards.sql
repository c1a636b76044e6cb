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
