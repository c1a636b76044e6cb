alter table healthcode.evidence
    alter column chart_key drop not null,
    add column holder bytea check (octet_length(holder) = 24),
    add column emergency bytea check (octet_length(emergency) = 32),
    add constraint evidence_of_somebody check (num_nonnulls(chart_key, holder) = 1),
    add constraint evidence_under_an_emergency check (num_nulls(holder, emergency) in (0, 2));
create index evidence_holder on healthcode.evidence (holder, evidence_key);
comment on column healthcode.evidence.chart_key is 'Chart of the specimen, whoever is held to be its resident; null under an emergency';
comment on column healthcode.evidence.holder is 'The chart, sealed under the key of the emergency: who destroys that key forgets whose it was';
comment on column healthcode.evidence.emergency is 'Digest of the published emergency under whose key it is sealed as well; null where there was none';
comment on column healthcode.evidence.taken_in is 'When it was taken in, by the node''s clock; under an emergency the day alone';

alter table healthcode.decision
    alter column chart_key drop not null,
    add column holder bytea check (octet_length(holder) = 24),
    add constraint decision_of_somebody check (num_nonnulls(chart_key, holder) = 1);
create index decision_holder on healthcode.decision (holder, decided_at);
comment on column healthcode.decision.chart_key is 'Chart of the specimen; null where the chart is sealed';
comment on column healthcode.decision.holder is 'The chart, sealed under the key of the emergency: who destroys that key forgets whose it was';
comment on column healthcode.decision.sealed is 'The opening, sealed under the keys of the chart and, where the chart is sealed, of the emergency';
