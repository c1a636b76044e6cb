alter table access.relation drop constraint relation_pkey;
alter table access.relation add primary key (facility, resident_key, ends_at, opened_by, opened_at, given);
