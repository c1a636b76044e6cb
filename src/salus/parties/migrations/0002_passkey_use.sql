alter table parties.passkey add column used timestamptz;
comment on column parties.passkey.used is 'When it last signed its owner in; null before the first time';
grant update (used) on parties.passkey to salus_registry;
