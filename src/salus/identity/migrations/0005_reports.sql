alter table identity.question drop constraint question_chart_a_chart_b_reason_key;
create unique index question_of_pair on identity.question (chart_a, chart_b, reason) where reason <> 'reported';
comment on index identity.question_of_pair is 'So that no rule asks about a pair twice for one reason';
create index question_reported on identity.question (chart_a, chart_b) where reason = 'reported';
comment on index identity.question_reported is 'So that a report of a pair that waits already is found';
alter table identity.question add column reporter_role text;
comment on column identity.question.reporter_role is 'What the one who reported it was; null where a rule asks';
alter table identity.question add column claim text check (claim in ('same', 'not-same', 'cannot-tell'));
comment on column identity.question.claim is 'What the report says: same, not-same, or cannot-tell';
alter table identity.question add column concerns bigint[] not null default '{}';
comment on column identity.question.concerns is 'The charts that, by the report, are another person''s than the others of the resident';

alter table identity.answer add column charts bigint[] not null default '{}';
comment on column identity.answer.charts is 'Which charts go to another person, where one resident has all';
alter table identity.answer add column lifts boolean not null default false;
comment on column identity.answer.lifts is 'Whether an earlier finding that they are two people is lifted';
create index answer_author on identity.answer (author, at);
comment on index identity.answer_author is 'So that reviewers find what they answered lately';
