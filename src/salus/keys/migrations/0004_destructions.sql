create table keys.emergency_key (
    emergency bytea primary key check (octet_length(emergency) = 32),
    wrapped bytea not null check (octet_length(wrapped) = 65),
    made timestamptz not null default now()
);
comment on table keys.emergency_key is 'One key for each emergency under which anything was kept, wrapped by the custodian key';
comment on column keys.emergency_key.emergency is 'SHA-256 of the published emergency';
comment on column keys.emergency_key.wrapped is 'Version, custodian fingerprint, nonce, AES-256-GCM of the key, bound to the emergency';
comment on column keys.emergency_key.made is 'When the key was made';
grant select, insert, delete on keys.emergency_key to salus_keys;

create table keys.destruction (
    what text primary key check (octet_length(what) between 36 and 44),
    kind text not null check (kind in ('chart', 'emergency')),
    blind bytea not null check (octet_length(blind) = 32),
    due timestamptz not null,
    done timestamptz not null
);
comment on table keys.destruction is 'Keys that were destroyed because it was due, with what opens the certificate in the public log';
comment on column keys.destruction.what is 'Identifier of the chart''s Patient, or SHA-256 of the published emergency in base64';
comment on column keys.destruction.kind is 'Whether it was the key of a chart or of an emergency';
comment on column keys.destruction.blind is 'What keeps the commitment from being guessed; an emergency''s own digest, since that is public';
comment on column keys.destruction.due is 'By when it had to be destroyed';
comment on column keys.destruction.done is 'When it was, by the node''s clock';
grant select, insert on keys.destruction to salus_keys;

create table keys.untold_destruction (
    what text primary key references keys.destruction
);
comment on table keys.untold_destruction is 'Destructions whose certificate has yet to be handed to the public log';
comment on column keys.untold_destruction.what is 'The destruction';
grant select, insert, delete on keys.untold_destruction to salus_keys;
