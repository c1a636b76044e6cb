create table healthcode.evidence (
    evidence_key bigint generated always as identity primary key,
    commitment bytea not null unique check (octet_length(commitment) = 32),
    kind text not null check (kind in ('specimen', 'result')),
    specimen bytea not null check (octet_length(specimen) = 32),
    chart_key bigint not null,
    entry bytea not null,
    sealed bytea not null,
    pending_id uuid not null,
    taken_in timestamptz not null
);
create index evidence_chart on healthcode.evidence (chart_key, evidence_key);
comment on table healthcode.evidence is 'Signed commitments to specimens and results as their parties sent them. A row alone shows nobody anything';
comment on column healthcode.evidence.evidence_key is 'Physical key, in order of arrival';
comment on column healthcode.evidence.commitment is 'SHA-256 of the opening, which is all that the public log shows';
comment on column healthcode.evidence.kind is 'Specimen or result';
comment on column healthcode.evidence.specimen is 'Commitment of the specimen that this is, or is about';
comment on column healthcode.evidence.chart_key is 'Chart of the specimen, whoever is held to be its resident';
comment on column healthcode.evidence.entry is 'The leaf as handed over: party, commitment, signature';
comment on column healthcode.evidence.sealed is 'The opening, sealed under the key of the chart';
comment on column healthcode.evidence.pending_id is 'Name of the leaf while it waited for its place';
comment on column healthcode.evidence.taken_in is 'When it was taken in, by the node''s clock';
grant select, insert on healthcode.evidence to salus_care;

create table healthcode.undecided (
    evidence_key bigint primary key
);
comment on table healthcode.undecided is 'Results that still wait: for their place in the log, for a decision, or for the decision''s proof';
comment on column healthcode.undecided.evidence_key is 'The result';
grant select, insert, delete on healthcode.undecided to salus_care;

create table healthcode.decision (
    result bytea primary key check (octet_length(result) = 32),
    commitment bytea not null unique check (octet_length(commitment) = 32),
    chart_key bigint not null,
    rules bytea not null check (octet_length(rules) = 32),
    emergency bytea not null check (octet_length(emergency) = 32),
    entry bytea not null,
    sealed bytea not null,
    pending_id uuid not null,
    decided_at timestamptz not null
);
create index decision_chart on healthcode.decision (chart_key, decided_at);
comment on table healthcode.decision is 'What the rules made of a result, kept to be recomputed whenever it is shown. A row alone shows nobody anything';
comment on column healthcode.decision.result is 'Commitment of the one result that it rests on; a result is decided on once';
comment on column healthcode.decision.commitment is 'SHA-256 of the opening, which is all that the public log shows';
comment on column healthcode.decision.chart_key is 'Chart of the specimen';
comment on column healthcode.decision.rules is 'Digest of the published rules';
comment on column healthcode.decision.emergency is 'Digest of the published emergency under which they count';
comment on column healthcode.decision.entry is 'The leaf as handed over: rules, commitment, tag';
comment on column healthcode.decision.sealed is 'The opening, sealed under the key of the chart';
comment on column healthcode.decision.pending_id is 'Name of the leaf while it waited for its place';
comment on column healthcode.decision.decided_at is 'The instant that was decided for, by the node''s clock';
grant select, insert on healthcode.decision to salus_care;

create table healthcode.notice (
    commitment bytea primary key check (octet_length(commitment) = 32),
    issued_at timestamptz not null
);
comment on table healthcode.notice is 'When a decision''s proof first had its witnesses; nothing is shown because of a row here';
comment on column healthcode.notice.commitment is 'The decision';
comment on column healthcode.notice.issued_at is 'When it was issued, by the node''s clock';
grant select, insert on healthcode.notice to salus_care;
