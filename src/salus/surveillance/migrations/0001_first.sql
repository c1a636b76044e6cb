create schema surveillance;
comment on schema surveillance is 'Figures by county and day, what detectors said of them, and what people found. No person can be named here';
grant usage on schema surveillance to salus_surveillance;

create table surveillance.figure (
    figure bigint generated always as identity primary key,
    source text not null,
    series text not null,
    county text not null check (county ~ '^[0-9]{6}$'),
    day date not null,
    at timestamptz not null,
    count integer not null check (count >= 0),
    denominator integer check (denominator >= count),
    reporting integer check (reporting >= 0)
);
comment on table surveillance.figure is 'Figures as they were told, with every revision: event day by report instant. The newest row of a source, series, county and day holds';
comment on column surveillance.figure.figure is 'Grows with each figure told; an alert names the newest that it saw';
comment on column surveillance.figure.source is 'hospitals, or the organisation whose feed it is';
comment on column surveillance.figure.series is 'Syndrome, disease, result or feed';
comment on column surveillance.figure.county is 'County of the facility, six digits; never of a person';
comment on column surveillance.figure.day is 'Civil day on which it happened';
comment on column surveillance.figure.at is 'When it was told';
comment on column surveillance.figure.count is 'How many';
comment on column surveillance.figure.denominator is 'Of how many';
comment on column surveillance.figure.reporting is 'How many of the source''s places sent something about that day';
create index figure_of_series on surveillance.figure (source, series, county, day, figure);
create index figure_of_day on surveillance.figure (day);
grant select, insert on surveillance.figure to salus_surveillance;

create table surveillance.alert (
    alert bigint generated always as identity primary key,
    alert_id uuid not null unique,
    episode uuid not null,
    at timestamptz not null,
    source text not null,
    series text not null,
    county text not null,
    day date not null,
    rule text not null,
    version text not null,
    observed integer not null,
    expected double precision not null,
    low double precision not null,
    high double precision not null,
    exceedance double precision,
    share_exceedance double precision,
    once_in_days integer,
    baseline date[] not null,
    reported integer[] not null,
    snapshot bytea not null,
    known bigint not null,
    reason_en text not null,
    reason_zh text not null
);
comment on table surveillance.alert is 'What a rule raised: a place, a syndrome or disease, a day. Never changed; what people find stands beside it';
comment on column surveillance.alert.alert is 'Physical key, in order of raising';
comment on column surveillance.alert.alert_id is 'External identifier, random';
comment on column surveillance.alert.episode is 'The first alert of the same episode';
comment on column surveillance.alert.at is 'When it was raised';
comment on column surveillance.alert.source is 'Whose figures';
comment on column surveillance.alert.series is 'Syndrome, disease, result or feed';
comment on column surveillance.alert.county is 'County, six digits';
comment on column surveillance.alert.day is 'The civil day that stands out';
comment on column surveillance.alert.rule is 'By which rule';
comment on column surveillance.alert.version is 'Version of the rule';
comment on column surveillance.alert.observed is 'How many were seen';
comment on column surveillance.alert.expected is 'How many were expected';
comment on column surveillance.alert.low is 'Lower end of the 95 % interval';
comment on column surveillance.alert.high is 'Upper end of it';
comment on column surveillance.alert.exceedance is 'Observed less expected, in deviations';
comment on column surveillance.alert.share_exceedance is 'The same of the share among all';
comment on column surveillance.alert.once_in_days is 'How seldom such a figure comes by chance';
comment on column surveillance.alert.baseline is 'The days that the expectation comes from';
comment on column surveillance.alert.reported is 'How many places had sent something, for each day of the window';
comment on column surveillance.alert.snapshot is 'SHA-256 of everything that the rule looked at';
comment on column surveillance.alert.known is 'The newest figure that could be seen';
comment on column surveillance.alert.reason_en is 'Why, in English';
comment on column surveillance.alert.reason_zh is 'Why, in Chinese';
create index alert_of_series on surveillance.alert (source, series, county, day);
create index alert_of_day on surveillance.alert (day);
grant select, insert on surveillance.alert to salus_surveillance;

create table surveillance.verification (
    verification bigint generated always as identity primary key,
    alert_id uuid not null,
    at timestamptz not null,
    by text not null,
    verdict text not null check (verdict in (
        'verifying', 'false', 'data-artefact', 'expected-seasonal', 'confirmed', 'insufficient')),
    reason text not null check (reason <> '')
);
comment on table surveillance.verification is 'What people found out about alerts, appended';
comment on column surveillance.verification.verification is 'Physical key, in order';
comment on column surveillance.verification.alert_id is 'The alert';
comment on column surveillance.verification.at is 'When it was said';
comment on column surveillance.verification.by is 'Which member of staff said it';
comment on column surveillance.verification.verdict is 'What was found';
comment on column surveillance.verification.reason is 'Why they say so';
create index verification_of_alert on surveillance.verification (alert_id, verification);
grant select, insert on surveillance.verification to salus_surveillance;

create table surveillance.assessment (
    assessment bigint generated always as identity primary key,
    alert_id uuid not null,
    at timestamptz not null,
    by text not null,
    likelihood text not null check (likelihood in (
        'very-unlikely', 'unlikely', 'likely', 'highly-likely', 'almost-certain')),
    impact text not null check (impact in ('minimal', 'minor', 'moderate', 'major', 'severe')),
    confidence text not null check (confidence in ('low', 'moderate', 'high')),
    level text not null check (level in ('very-low', 'low', 'moderate', 'high')),
    text text not null check (text <> '')
);
comment on table surveillance.assessment is 'Rapid risk assessments of alerts, appended';
comment on column surveillance.assessment.assessment is 'Physical key, in order';
comment on column surveillance.assessment.alert_id is 'The alert';
comment on column surveillance.assessment.at is 'When it was made';
comment on column surveillance.assessment.by is 'Which member of staff made it';
comment on column surveillance.assessment.likelihood is 'How likely further spread is';
comment on column surveillance.assessment.impact is 'How bad it would be';
comment on column surveillance.assessment.confidence is 'How good the ground for it is';
comment on column surveillance.assessment.level is 'What follows, one of four';
comment on column surveillance.assessment.text is 'In words';
create index assessment_of_alert on surveillance.assessment (alert_id, assessment);
grant select, insert on surveillance.assessment to salus_surveillance;

create table surveillance.feed_refusal (
    refusal bigint generated always as identity primary key,
    at timestamptz not null,
    source text not null,
    why text not null check (why in (
        'shape', 'size', 'field', 'personal', 'source', 'series', 'value', 'twice'))
);
comment on table surveillance.feed_refusal is 'Feeds that did not fit the schema: counted, with nothing of their content';
comment on column surveillance.feed_refusal.refusal is 'Physical key, in order';
comment on column surveillance.feed_refusal.at is 'When it was refused';
comment on column surveillance.feed_refusal.source is 'Whose feed';
comment on column surveillance.feed_refusal.why is 'Which rule it broke; personal: a field that could name a person';
grant select, insert on surveillance.feed_refusal to salus_surveillance;
