create temporary table told on commit drop as select * from identity.assertion;
drop table identity.assertion;

create table identity.member (
    chart_key bigint primary key,
    resident_key bigint not null
);
comment on table identity.member is 'Whose each chart is now: what a replay of the assertions says, kept for reading';
comment on column identity.member.chart_key is 'The source record';
comment on column identity.member.resident_key is 'The resident whose it is';
create index member_resident on identity.member (resident_key, chart_key);
comment on index identity.member_resident is 'So that a resident''s charts are found in order';
grant select, insert, update (resident_key) on identity.member to salus_care;
insert into identity.member
select chart_key, resident_key from (
    select distinct on (chart_key) chart_key, resident_key, same from told order by chart_key, assertion desc
) as last where same;

alter table identity.resident add column anchor_chart bigint;
update identity.resident r set anchor_chart = (
    select min(m.chart_key) from identity.member m where m.resident_key = r.resident_key
);
alter table identity.resident alter column anchor_chart set not null;
alter table identity.resident add constraint resident_anchor unique (anchor_chart);
comment on column identity.resident.anchor_chart is 'The chart for which the identifier was minted: it goes where this chart goes, for ever';

create table identity.assertion (
    assertion bigint generated always as identity primary key,
    chart_a bigint not null,
    chart_b bigint not null check (chart_a < chart_b),
    verdict text not null check (verdict in ('same', 'not-same', 'withdrawn')),
    ground text not null,
    fields text[],
    bits double precision[] check (cardinality(bits) = cardinality(fields)),
    total double precision,
    model text,
    guard text,
    author_role text,
    author text not null,
    second_author text,
    supersedes bigint[] not null default '{}',
    at timestamptz not null,
    check ((fields is null) = (bits is null) and (bits is null) = (total is null) and (total is null) = (model is null))
);
comment on table identity.assertion is 'Append-only: these two charts are (not) one person''s; who is who is a replay of this table';
comment on column identity.assertion.assertion is 'Order of the assertions';
comment on column identity.assertion.chart_a is 'The chart with the lower key';
comment on column identity.assertion.chart_b is 'The other chart';
comment on column identity.assertion.verdict is 'same, not-same, or withdrawn: what it supersedes is taken back and nothing said instead';
comment on column identity.assertion.ground is 'The reason, a word of a closed list';
comment on column identity.assertion.fields is 'What a model compared, if one did';
comment on column identity.assertion.bits is 'How many bits each of the fields adds';
comment on column identity.assertion.total is 'Their sum, correctly rounded';
comment on column identity.assertion.model is 'SHA-256 of the weights that gave the bits, in hexadecimal';
comment on column identity.assertion.guard is 'The guard that two people overrode';
comment on column identity.assertion.author_role is 'The role of the member of staff; null for a rule';
comment on column identity.assertion.author is 'The member of staff, or the name of the rule';
comment on column identity.assertion.second_author is 'The second person of a forced link';
comment on column identity.assertion.supersedes is 'Earlier assertions about the same two charts that hold no longer';
comment on column identity.assertion.at is 'When it was asserted';
create index assertion_a on identity.assertion (chart_a);
comment on index identity.assertion_a is 'So that all that was said of a chart is found';
create index assertion_b on identity.assertion (chart_b);
comment on index identity.assertion_b is 'As assertion_a';
grant select, insert on identity.assertion to salus_care;
insert into identity.assertion (chart_a, chart_b, verdict, ground, author, at)
select
    least(r.anchor_chart, t.chart_key), greatest(r.anchor_chart, t.chart_key), 'same', 'number', 'equal-number', t.at
from told t
join identity.member m using (chart_key, resident_key)
join identity.resident r using (resident_key)
where t.same and t.chart_key <> r.anchor_chart
order by t.assertion;

alter table identity.number add column holding text not null default 'own' check (holding in ('own', 'guardian'));
comment on column identity.number.holding is 'own, or guardian: borrowed for a person whose birth date it contradicts, and found by nobody';

alter table identity.claim add column chart_key bigint;
update identity.claim c set chart_key = coalesce(
    (
        select min(n.chart_key) from identity.number n join identity.member m using (chart_key)
        where n.digest = c.digest and m.resident_key = c.resident_key
    ),
    (select r.anchor_chart from identity.resident r where r.resident_key = c.resident_key)
);
alter table identity.claim alter column chart_key set not null;
alter table identity.claim drop column resident_key;
comment on table identity.claim is 'Which chart brought a number first: the number finds the resident whose that chart is';
comment on column identity.claim.chart_key is 'The source record that holds it';

drop index identity.number_resident;
alter table identity.number drop column resident_key;
create index number_chart on identity.number (chart_key, at);
comment on index identity.number_chart is 'So that the numbers of a resident''s charts are found, the oldest first';

create table identity.called (
    chart_key bigint not null,
    digest bytea not null,
    primary key (chart_key, digest)
);
comment on table identity.called is 'Under which names a chart goes; no name is in it';
comment on column identity.called.chart_key is 'The source record';
comment on column identity.called.digest is 'Keyed digest of a key of the name, one for each spelling';
grant select, insert on identity.called to salus_care;

create table identity.question (
    question bigint generated always as identity primary key,
    chart_a bigint not null,
    chart_b bigint not null check (chart_a < chart_b),
    reason text not null,
    fields text[],
    bits double precision[] check (cardinality(bits) = cardinality(fields)),
    total double precision,
    model text,
    at timestamptz not null,
    unique (chart_a, chart_b, reason),
    check ((fields is null) = (bits is null) and (bits is null) = (total is null) and (total is null) = (model is null))
);
comment on table identity.question is 'Pairs of charts that no rule may link, and of which a person shall judge whether they are one person''s';
comment on column identity.question.question is 'Order of the questions';
comment on column identity.question.chart_a is 'The chart with the lower key';
comment on column identity.question.chart_b is 'The other chart';
comment on column identity.question.reason is 'Why no rule linked them, a word of a closed list';
comment on column identity.question.fields is 'What a model compared, if one did';
comment on column identity.question.bits is 'How many bits each of the fields adds';
comment on column identity.question.total is 'Their sum, correctly rounded';
comment on column identity.question.model is 'SHA-256 of the weights that gave the bits, in hexadecimal';
comment on column identity.question.at is 'When it was asked';
create index question_at on identity.question (at);
comment on index identity.question_at is 'So that the questions of a time are counted';
grant select, insert on identity.question to salus_care;

create table identity.unanswered (
    question bigint primary key
);
comment on table identity.unanswered is 'The queue: which questions wait for a person';
comment on column identity.unanswered.question is 'The question';
grant select, insert, delete on identity.unanswered to salus_care;

create table identity.answer (
    answer bigint generated always as identity primary key,
    question bigint not null,
    says text not null check (says in ('same', 'not-same', 'cannot-tell')),
    reason text not null,
    author_role text not null,
    author text not null,
    at timestamptz not null
);
comment on table identity.answer is 'What people judged, one row each time; nothing is taken back';
comment on column identity.answer.answer is 'Order of the answers';
comment on column identity.answer.question is 'What was asked';
comment on column identity.answer.says is 'same, not-same, or cannot-tell';
comment on column identity.answer.reason is 'On what ground, a word of a closed list';
comment on column identity.answer.author_role is 'The role of who answered';
comment on column identity.answer.author is 'Who answered';
comment on column identity.answer.at is 'When';
create index answer_question on identity.answer (question);
comment on index identity.answer_question is 'So that what others said of a pair is found';
create index answer_at on identity.answer (at);
comment on index identity.answer_at is 'So that the answers of a time are counted';
grant select, insert on identity.answer to salus_care;

create table identity.notice (
    event bigint not null,
    resident_key bigint not null,
    kind text not null check (kind in ('linked', 'parted')),
    others uuid[] not null,
    at timestamptz not null,
    primary key (resident_key, event)
);
comment on table identity.notice is 'What residents are told: that records were found to be one person''s, or several people''s';
comment on column identity.notice.event is 'The event that told of it';
comment on column identity.notice.resident_key is 'Who is told';
comment on column identity.notice.kind is 'linked or parted';
comment on column identity.notice.others is 'The other identifiers that it concerns';
comment on column identity.notice.at is 'When it happened';
grant select, insert on identity.notice to salus_care;
