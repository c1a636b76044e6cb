create table access.refusals_published (
    day date not null,
    action text not null,
    count bigint not null check (count > 0),
    pending_id uuid not null,
    primary key (day, action)
);
comment on table access.refusals_published is 'Which days'' refused attempts to write a measure were handed to the public log';
comment on column access.refusals_published.day is 'The UTC day';
comment on column access.refusals_published.action is 'How it was tried';
comment on column access.refusals_published.count is 'How often, as the leaf says it; names nobody';
comment on column access.refusals_published.pending_id is 'The name under which the leaf waited for its place in the log';
grant select, insert on access.refusals_published to salus_care;

create index refusal_of_action on access.refusal (action, at);
