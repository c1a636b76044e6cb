alter table access.relation add column given boolean not null default false;
comment on column access.relation.given is 'Whether somebody else''s code for the resident opened it, as a relative or a guardian shows one';
