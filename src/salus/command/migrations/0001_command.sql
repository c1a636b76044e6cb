create schema command;
comment on schema command is 'Incidents, resources, orders, tasks and situation reports: counts and institutions, never a person but officers';
grant usage on schema command to salus_command;

create table command.incident (
    incident_id uuid primary key,
    kind text not null,
    areas text[] not null check (cardinality(areas) between 1 and 400),
    handed_over bytea not null,
    opened_at timestamptz not null,
    by_subject text not null,
    by_en text not null,
    by_zh text not null,
    by_facility text not null,
    by_organisation text not null
);
comment on table command.incident is 'Incidents as they were opened; what became of them stands in their log';
comment on column command.incident.incident_id is 'Random identifier';
comment on column command.incident.kind is 'What kind of event, from a closed list';
comment on column command.incident.areas is 'Six-digit division codes that it covers';
comment on column command.incident.handed_over is 'The public figures of its alert, frozen: canonical JSON, counts from 1 to 4 suppressed';
comment on column command.incident.opened_at is 'When it was opened';
comment on column command.incident.by_subject is 'Account of the officer who opened it';
comment on column command.incident.by_en is 'Name of the officer, in English';
comment on column command.incident.by_zh is 'Name of the officer, in Chinese';
comment on column command.incident.by_facility is 'Facility that the officer acted for';
comment on column command.incident.by_organisation is 'Organisation of that facility';
grant select, insert on command.incident to salus_command;

create table command.handed_over (
    handed_over_key bigint generated always as identity primary key,
    alert text not null,
    figures bytea not null,
    at timestamptz not null,
    by_subject text not null,
    by_en text not null,
    by_zh text not null,
    by_facility text not null,
    by_organisation text not null
);
create index handed_over_alert on command.handed_over (alert, handed_over_key);
comment on table command.handed_over is 'Verified alerts that were handed over, with their public figures; the newest row of an alert holds';
comment on column command.handed_over.handed_over_key is 'Order of arrival';
comment on column command.handed_over.alert is 'Identifier of the alert';
comment on column command.handed_over.figures is 'Its public figures: canonical JSON, counts from 1 to 4 suppressed';
comment on column command.handed_over.at is 'When it was handed over';
comment on column command.handed_over.by_subject is 'Account of who handed it over';
comment on column command.handed_over.by_en is 'Name of who handed it over, in English';
comment on column command.handed_over.by_zh is 'Name of who handed it over, in Chinese';
comment on column command.handed_over.by_facility is 'Facility of who handed it over';
comment on column command.handed_over.by_organisation is 'Organisation of that facility';
grant select, insert on command.handed_over to salus_command;

create table command.entry (
    entry_key bigint generated always as identity primary key,
    incident_id uuid not null references command.incident,
    entry bytea not null
);
create index entry_incident on command.entry (incident_id, entry_key);
comment on table command.entry is 'The log of each incident: level, objectives, periods, posts, newer figures, closing';
comment on column command.entry.entry_key is 'Order of the entries';
comment on column command.entry.incident_id is 'Whose log it is';
comment on column command.entry.entry is 'The entry with its instant and its officer: canonical JSON';
grant select, insert on command.entry to salus_command;

create table command.report (
    report_key bigint generated always as identity primary key,
    facility text not null,
    resource text not null,
    amount integer not null check (amount between 0 and 10000000),
    means text not null check (means in ('system', 'telephone')),
    confirmed_with text check ((means = 'telephone') = (confirmed_with is not null)),
    as_of timestamptz not null,
    at timestamptz not null,
    by_subject text not null,
    by_en text not null,
    by_zh text not null,
    by_facility text not null,
    by_organisation text not null
);
create index report_newest on command.report (facility, resource, as_of);
create index report_as_of on command.report (as_of);
comment on table command.report is 'What places of care have: each number with its source and its instant';
comment on column command.report.report_key is 'Order of arrival';
comment on column command.report.facility is 'Whose number it is';
comment on column command.report.resource is 'What is counted, from a closed list';
comment on column command.report.amount is 'The number';
comment on column command.report.means is 'Sent by a system, or asked for by telephone';
comment on column command.report.confirmed_with is 'Who at the facility said it on the telephone: a name and post, without any number';
comment on column command.report.as_of is 'When it was true';
comment on column command.report.at is 'When it came here';
comment on column command.report.by_subject is 'Account or system that brought it';
comment on column command.report.by_en is 'Name of who brought it, in English';
comment on column command.report.by_zh is 'Name of who brought it, in Chinese';
comment on column command.report.by_facility is 'Facility of who brought it';
comment on column command.report.by_organisation is 'Organisation of that facility';
grant select, insert on command.report to salus_command;

create table command.supply_order (
    order_id uuid primary key,
    incident_id uuid not null references command.incident,
    kind text not null check (kind in ('move-supply', 'deliver-supply', 'distribute-supply', 'procure-supply')),
    supply text not null,
    amount integer not null check (amount between 1 and 100000000),
    from_facility text,
    to_facility text,
    area text,
    population bigint check (population >= 10000),
    basis text not null check (length(basis) between 1 and 200),
    reason text not null check (length(reason) between 1 and 500),
    starts timestamptz not null,
    ends timestamptz not null,
    ordered_at timestamptz not null check (ordered_at <= starts),
    by_subject text not null,
    by_en text not null,
    by_zh text not null,
    by_facility text not null,
    by_organisation text not null,
    check (ends > starts and ends <= starts + interval '336 hours'),
    check ((area is null) = (population is null)),
    unique (order_id, by_organisation)
);
create index supply_order_ends on command.supply_order (ends);
create index supply_order_incident on command.supply_order (incident_id);
comment on table command.supply_order is 'Orders: what is done with supplies, at a facility or in a large area, for two weeks at most';
comment on column command.supply_order.order_id is 'Random identifier';
comment on column command.supply_order.incident_id is 'The incident that it was given in';
comment on column command.supply_order.kind is 'What is ordered; none restricts anybody';
comment on column command.supply_order.supply is 'What it is about, from a closed list';
comment on column command.supply_order.amount is 'How many pieces';
comment on column command.supply_order.from_facility is 'Facility that gives';
comment on column command.supply_order.to_facility is 'Facility that gets';
comment on column command.supply_order.area is 'Area that gets';
comment on column command.supply_order.population is 'Inhabitants of that area, 10,000 at least';
comment on column command.supply_order.basis is 'The legal basis';
comment on column command.supply_order.reason is 'Why';
comment on column command.supply_order.starts is 'When it begins, once countersigned';
comment on column command.supply_order.ends is 'When it ends by itself';
comment on column command.supply_order.ordered_at is 'When it was given';
comment on column command.supply_order.by_subject is 'Account of the officer who gave it';
comment on column command.supply_order.by_en is 'Name of the officer, in English';
comment on column command.supply_order.by_zh is 'Name of the officer, in Chinese';
comment on column command.supply_order.by_facility is 'Facility that the officer acted for';
comment on column command.supply_order.by_organisation is 'Organisation of that facility';
grant select, insert on command.supply_order to salus_command;

create table command.signing (
    order_id uuid primary key,
    order_organisation text not null,
    verdict text not null check (verdict in ('countersigned', 'rejected')),
    reason text not null,
    pending_id uuid check ((verdict = 'countersigned') = (pending_id is not null)),
    at timestamptz not null,
    by_subject text not null,
    by_en text not null,
    by_zh text not null,
    by_facility text not null,
    by_organisation text not null check (by_organisation <> order_organisation),
    foreign key (order_id, order_organisation) references command.supply_order (order_id, by_organisation)
);
comment on table command.signing is 'The one answer of another organisation to an order';
comment on column command.signing.order_id is 'The order that it answers';
comment on column command.signing.order_organisation is 'Organisation that gave the order; the answer is never its own';
comment on column command.signing.verdict is 'Countersigned or rejected';
comment on column command.signing.reason is 'Why; needed to reject';
comment on column command.signing.pending_id is 'The leaf that was handed to the public log in the same transaction';
comment on column command.signing.at is 'When it was answered';
comment on column command.signing.by_subject is 'Account of the officer who answered';
comment on column command.signing.by_en is 'Name of the officer, in English';
comment on column command.signing.by_zh is 'Name of the officer, in Chinese';
comment on column command.signing.by_facility is 'Facility that the officer acted for';
comment on column command.signing.by_organisation is 'Organisation of that facility';
grant select, insert on command.signing to salus_command;

create table command.task (
    task_id uuid primary key,
    order_id uuid not null references command.supply_order,
    kind text not null,
    facility text not null,
    due timestamptz not null,
    at timestamptz not null,
    by_subject text not null,
    by_en text not null,
    by_zh text not null,
    by_facility text not null,
    by_organisation text not null
);
create index task_order on command.task (order_id);
comment on table command.task is 'What a facility is asked to do for an order';
comment on column command.task.task_id is 'Random identifier';
comment on column command.task.order_id is 'The order that it follows from';
comment on column command.task.kind is 'What is to be done, from a closed list';
comment on column command.task.facility is 'Who is to do it';
comment on column command.task.due is 'By when';
comment on column command.task.at is 'When it was given';
comment on column command.task.by_subject is 'Account of the officer who gave it';
comment on column command.task.by_en is 'Name of the officer, in English';
comment on column command.task.by_zh is 'Name of the officer, in Chinese';
comment on column command.task.by_facility is 'Facility that the officer acted for';
comment on column command.task.by_organisation is 'Organisation of that facility';
grant select, insert on command.task to salus_command;

create table command.task_answer (
    task_id uuid primary key references command.task,
    answer text not null check (answer in ('done', 'declined')),
    note text not null,
    at timestamptz not null,
    by_subject text not null,
    by_en text not null,
    by_zh text not null,
    by_facility text not null,
    by_organisation text not null
);
comment on table command.task_answer is 'How a task ended';
comment on column command.task_answer.task_id is 'The task that it answers';
comment on column command.task_answer.answer is 'Done, or declined';
comment on column command.task_answer.note is 'What was said about it; needed to decline';
comment on column command.task_answer.at is 'When it was answered';
comment on column command.task_answer.by_subject is 'Account of the officer who noted it';
comment on column command.task_answer.by_en is 'Name of the officer, in English';
comment on column command.task_answer.by_zh is 'Name of the officer, in Chinese';
comment on column command.task_answer.by_facility is 'Facility that the officer acted for';
comment on column command.task_answer.by_organisation is 'Organisation of that facility';
grant select, insert on command.task_answer to salus_command;

create table command.situation_report (
    incident_id uuid not null references command.incident,
    number integer not null check (number >= 1),
    cut_off timestamptz not null,
    snapshot bytea not null,
    digest bytea not null check (digest = sha256(snapshot)),
    by_subject text not null,
    by_en text not null,
    by_zh text not null,
    by_facility text not null,
    by_organisation text not null,
    primary key (incident_id, number)
);
comment on table command.situation_report is 'Situation reports: frozen snapshots, from which page and paper are made again with the same bytes';
comment on column command.situation_report.incident_id is 'Whose report it is';
comment on column command.situation_report.number is 'Counts from 1 for each incident';
comment on column command.situation_report.cut_off is 'The instant that the snapshot is of';
comment on column command.situation_report.snapshot is 'Canonical JSON of all that it is made from';
comment on column command.situation_report.digest is 'SHA-256 of the snapshot, printed on the report';
comment on column command.situation_report.by_subject is 'Account of the officer who made it';
comment on column command.situation_report.by_en is 'Name of the officer, in English';
comment on column command.situation_report.by_zh is 'Name of the officer, in Chinese';
comment on column command.situation_report.by_facility is 'Facility that the officer acted for';
comment on column command.situation_report.by_organisation is 'Organisation of that facility';
grant select, insert on command.situation_report to salus_command;

create table command.turned_away (
    turned_away_key bigint generated always as identity primary key,
    field text not null check (length(field) <= 40),
    code text not null,
    organisation text not null,
    at timestamptz not null
);
comment on table command.turned_away is 'Attempts to aim an order at people, counted in public';
comment on column command.turned_away.turned_away_key is 'Order of the attempts';
comment on column command.turned_away.field is 'The field that was refused, without what it held';
comment on column command.turned_away.code is 'Why it was refused: the code of the error';
comment on column command.turned_away.organisation is 'Organisation that tried';
comment on column command.turned_away.at is 'When';
grant select, insert on command.turned_away to salus_command;
