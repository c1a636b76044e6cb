create index resource_type on records.resource (type, resource_key);
comment on column records.token.digest is 'Keyed digest of a value within its system, and of the value in any system';
