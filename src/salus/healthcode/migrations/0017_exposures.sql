create index decision_tag on healthcode.decision (substring(entry from 136 for 44));
comment on index healthcode.decision_tag is 'The decision that a case is named by: where its tag stands in the canonical entry, which has one length';

create table healthcode.exposure (
    commitment bytea primary key check (octet_length(commitment) = 32),
    tag bytea not null check (octet_length(tag) = 32),
    number bigint not null check (number > 0),
    entry bytea not null,
    pending_id uuid not null,
    constraint exposure_of_a_case unique (tag, number)
);
comment on table healthcode.exposure is 'Leaves of attested exposures as they were handed over, for their proofs; the log shows the same. Whose they are is nowhere';
comment on column healthcode.exposure.commitment is 'SHA-256 of the opening, which its bearer has and this node has not';
comment on column healthcode.exposure.tag is 'The case: the tag of its decision in the log';
comment on column healthcode.exposure.number is 'Which of the exposures of its case it is; each is given once';
comment on column healthcode.exposure.entry is 'The leaf as handed over';
comment on column healthcode.exposure.pending_id is 'Name of the leaf while it waited for its place';
grant select, insert on healthcode.exposure to salus_care;

create table healthcode.exposure_end (
    tag bytea primary key check (octet_length(tag) = 32),
    ended_at timestamptz not null
);
comment on table healthcode.exposure_end is 'Cases that are none any more: what was attested of them asks for nothing';
comment on column healthcode.exposure_end.tag is 'The case: the tag of its decision in the log';
comment on column healthcode.exposure_end.ended_at is 'When it was corrected or said to be none, by the node''s clock';
grant select, insert on healthcode.exposure_end to salus_care;
