create schema appeals;
comment on schema appeals is 'What residents contest, and what another organisation answered. How a contest stands is kept nowhere: it is computed';
grant usage on schema appeals to salus_care;

create table appeals.contest (
    appeal bytea primary key check (octet_length(appeal) = 32),
    resident_key bigint not null,
    about text not null check (about in ('decision', 'look')),
    subject bytea not null check (octet_length(subject) = 16),
    receipt bytea not null unique check (octet_length(receipt) = 16),
    organisations text[] not null check (cardinality(organisations) > 0),
    content bytea not null,
    opened_at timestamptz not null,
    deadline timestamptz not null check (deadline = opened_at + interval '48 hours'),
    pending_id uuid not null,
    unique (resident_key, subject)
);
comment on table appeals.contest is 'What residents contest; nothing is ever changed or deleted';
comment on column appeals.contest.appeal is 'The blinded hash by which the public log names it';
comment on column appeals.contest.resident_key is 'Who contests';
comment on column appeals.contest.about is 'A decision of the rules, or a look at the record';
comment on column appeals.contest.subject is 'Keyed digest of what is contested; each thing is contested once';
comment on column appeals.contest.receipt is 'Keyed digest of the first half of the blind, by which paper is found';
comment on column appeals.contest.organisations is 'Whose work is contested; none of them may answer';
comment on column appeals.contest.content is 'The blind, the subject, the resident''s words and what they were shown, sealed to this row';
comment on column appeals.contest.opened_at is 'When the clock started';
comment on column appeals.contest.deadline is 'The first instant at which an answer is late';
comment on column appeals.contest.pending_id is 'The name under which the opening''s leaf waited for its place in the log';
create index contest_by_deadline on appeals.contest (deadline);
grant select, insert on appeals.contest to salus_care;

create table appeals.answer (
    appeal bytea primary key references appeals.contest,
    outcome text not null check (outcome in ('stands', 'ended')),
    organisation text not null,
    officer text not null,
    content bytea not null,
    answered_at timestamptz not null,
    pending_id uuid not null
);
comment on table appeals.answer is 'The one answer to a contest; it counts if witnesses vouched for its leaf before the deadline';
comment on column appeals.answer.appeal is 'The contest';
comment on column appeals.answer.outcome is 'Whether what was contested stands or is ended; it sets nothing';
comment on column appeals.answer.organisation is 'The organisation that answered, none of those whose work it is';
comment on column appeals.answer.officer is 'Identifier of the appeal officer; never a name';
comment on column appeals.answer.content is 'The reason, sealed to this row';
comment on column appeals.answer.answered_at is 'When it was given, by this node''s clock';
comment on column appeals.answer.pending_id is 'The name under which the closing''s leaf waited for its place in the log';
grant select, insert on appeals.answer to salus_care;
