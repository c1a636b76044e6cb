create table ledger.document (
    digest bytea primary key check (digest = sha256(content)),
    content bytea not null check (length(content) between 1 and 262144)
);
comment on table ledger.document is 'The public documents that publication leaves name; each becomes a file beside the log together with its leaf';
comment on column ledger.document.digest is 'SHA-256 of the content';
comment on column ledger.document.content is 'Canonical JSON (RFC 8785), without personal data';
grant insert on ledger.document to salus_care;
grant select, insert on ledger.document to salus_ledger;
