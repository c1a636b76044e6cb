alter table access.refusal
    add column count integer not null default 1 check (count > 0),
    add column since timestamptz,
    add constraint several_have_begun check ((since is null) = (count = 1) and since <= at);
comment on column access.refusal.at is 'When; of several, when they were counted together';
comment on column access.refusal.count is 'How many refusals it stands for, alike in everything but the instant; more than one where a hundred of them in this hour have rows of their own';
comment on column access.refusal.since is 'When the first of several was; null where it is one';
