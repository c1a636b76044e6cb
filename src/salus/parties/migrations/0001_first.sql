create schema parties;
comment on schema parties is 'Organisations, facilities, systems, accounts and their credentials';
grant usage on schema parties to salus_registry;

create table parties.organisation (
    id text primary key,
    name_en text not null,
    name_zh text not null,
    registered timestamptz not null default now()
);
comment on table parties.organisation is 'Legal bodies that run facilities';
comment on column parties.organisation.id is 'Short public identifier';
comment on column parties.organisation.name_en is 'Name in English';
comment on column parties.organisation.name_zh is 'Name in Chinese';
comment on column parties.organisation.registered is 'When it was registered';
grant select, insert on parties.organisation to salus_registry;

create table parties.facility (
    id text primary key,
    organisation text not null references parties.organisation,
    name_en text not null,
    name_zh text not null,
    level smallint not null check (level between 1 and 3),
    kind text not null check (kind in (
        'hospital', 'clinic', 'community-health-centre', 'township-health-centre', 'village-clinic',
        'maternal-and-child-centre', 'emergency-centre', 'laboratory', 'sampling-site'
    )),
    county text not null check (county ~ '^[0-9]{6}$'),
    registered timestamptz not null default now()
);
comment on table parties.facility is 'Places of care and laboratories; no other kind exists';
comment on column parties.facility.id is 'Short public identifier, such as H1';
comment on column parties.facility.organisation is 'The legal body that runs it';
comment on column parties.facility.name_en is 'Name in English';
comment on column parties.facility.name_zh is 'Name in Chinese';
comment on column parties.facility.level is 'Grade, 1 to 3';
comment on column parties.facility.kind is 'What it is, from the closed list';
comment on column parties.facility.county is 'GB/T 2260 code of the county it lies in';
comment on column parties.facility.registered is 'When it was registered';
grant select, insert on parties.facility to salus_registry;

create table parties.system (
    client_id uuid primary key,
    facility text not null references parties.facility,
    jwks jsonb not null,
    scopes text not null,
    registered timestamptz not null default now(),
    disabled timestamptz
);
comment on table parties.system is 'Software of facilities that authenticates by its own keys';
comment on column parties.system.client_id is 'Random client identifier';
comment on column parties.system.facility is 'The facility it acts for';
comment on column parties.system.jwks is 'Its public keys (RFC 7517); never a private one';
comment on column parties.system.scopes is 'The most it may ask for, as SMART scopes';
comment on column parties.system.registered is 'When it was registered';
comment on column parties.system.disabled is 'Since when it is refused, if it is';
create index system_facility on parties.system (facility);
create index system_disabled on parties.system (client_id) where disabled is not null;
grant select, insert, update (jwks, disabled) on parties.system to salus_registry;

create table parties.assertion (
    client_id uuid not null,
    jti bytea not null check (octet_length(jti) = 32),
    expires timestamptz not null,
    primary key (client_id, jti)
);
comment on table parties.assertion is 'Client assertions that were used, kept until they would expire anyway';
comment on column parties.assertion.client_id is 'Whose assertion it was';
comment on column parties.assertion.jti is 'SHA-256 of its identifier';
comment on column parties.assertion.expires is 'When it expires and may be forgotten';
create index assertion_expires on parties.assertion (expires);
grant select, insert, delete on parties.assertion to salus_registry;

create table parties.account (
    id uuid primary key,
    role text not null check (role in ('clinician', 'reception', 'auditor', 'operator', 'resident')),
    name_en text not null default '',
    name_zh text not null default '',
    facility text references parties.facility,
    resident uuid unique,
    login bytea unique check (octet_length(login) = 16),
    password text,
    totp bytea,
    totp_confirmed boolean not null default false,
    totp_step bigint not null default 0,
    registered timestamptz not null default now(),
    disabled timestamptz,
    check ((facility is not null) = (role in ('clinician', 'reception'))),
    check ((resident is not null) = (role = 'resident')),
    check (role <> 'resident' or (name_en = '' and name_zh = '')),
    check ((login is null) = (password is null))
);
comment on table parties.account is 'People who sign in: staff and residents';
comment on column parties.account.id is 'Random account identifier';
comment on column parties.account.role is 'The one role it acts in';
comment on column parties.account.name_en is 'Institutional name in English; empty for residents';
comment on column parties.account.name_zh is 'Institutional name in Chinese; empty for residents';
comment on column parties.account.facility is 'Where clinicians and receptionists work';
comment on column parties.account.resident is 'The resident whose own account it is';
comment on column parties.account.login is 'Keyed digest of the login name';
comment on column parties.account.password is 'argon2id hash of the password';
comment on column parties.account.totp is 'TOTP secret, sealed by the custodian';
comment on column parties.account.totp_confirmed is 'Whether a first code proved that the secret arrived';
comment on column parties.account.totp_step is 'Time step of the last code that was accepted; earlier ones never are again';
comment on column parties.account.registered is 'When it was registered';
comment on column parties.account.disabled is 'Since when it is refused, if it is';
create index account_facility on parties.account (facility) where facility is not null;
create index account_node on parties.account (registered) where facility is null and role <> 'resident';
create index account_disabled on parties.account (id) where disabled is not null;
grant select, insert, update (login, password, totp, totp_confirmed, totp_step, disabled)
    on parties.account to salus_registry;

create table parties.passkey (
    credential_id bytea primary key check (octet_length(credential_id) between 1 and 1023),
    account uuid not null references parties.account,
    public_key bytea not null,
    sign_count bigint not null check (sign_count >= 0),
    registered timestamptz not null
);
comment on table parties.passkey is 'WebAuthn credentials';
comment on column parties.passkey.credential_id is 'The authenticator''s identifier of the credential';
comment on column parties.passkey.account is 'Whose it is';
comment on column parties.passkey.public_key is 'COSE public key';
comment on column parties.passkey.sign_count is 'Signature counter at its last use; a lower or equal one is a copy';
comment on column parties.passkey.registered is 'When it was registered';
create index passkey_account on parties.passkey (account);
grant select, insert, update (sign_count), delete on parties.passkey to salus_registry;

create table parties.ceremony (
    handle bytea primary key check (octet_length(handle) = 32),
    kind text not null check (kind in ('register', 'sign-in')),
    account uuid references parties.account,
    challenge bytea not null,
    expires timestamptz not null,
    check ((account is not null) = (kind = 'register'))
);
comment on table parties.ceremony is 'WebAuthn ceremonies under way; taken out when answered, whatever the answer';
comment on column parties.ceremony.handle is 'SHA-256 of the handle that the browser holds';
comment on column parties.ceremony.kind is 'Registration of a credential, or sign-in';
comment on column parties.ceremony.account is 'Who registers';
comment on column parties.ceremony.challenge is 'The random challenge to be signed';
comment on column parties.ceremony.expires is 'When it lapses';
create index ceremony_expires on parties.ceremony (expires);
grant select, insert, delete on parties.ceremony to salus_registry;

create table parties.failure (
    id bigint generated always as identity primary key,
    login bytea not null check (octet_length(login) = 16),
    at timestamptz not null
);
comment on table parties.failure is 'Sign-ins by password that are under way or failed; what the rate limit counts';
comment on column parties.failure.id is 'Order of arrival';
comment on column parties.failure.login is 'Keyed digest of the login that was tried, whether or not it exists';
comment on column parties.failure.at is 'When it was tried';
create index failure_login on parties.failure (login, at);
create index failure_at on parties.failure (at);
grant select, insert, delete on parties.failure to salus_registry;

create table parties.session (
    digest bytea primary key check (octet_length(digest) = 32),
    account uuid not null references parties.account,
    strong boolean not null,
    began timestamptz not null,
    seen timestamptz not null
);
comment on table parties.session is 'Open sessions; a closed one is deleted';
comment on column parties.session.digest is 'SHA-256 of the session token; the token itself is nowhere';
comment on column parties.session.account is 'Who signed in';
comment on column parties.session.strong is 'By passkey, or by password with TOTP';
comment on column parties.session.began is 'When it began; it ends 12 hours later at the latest';
comment on column parties.session.seen is 'Last use, to the minute; it ends after 30 idle minutes';
create index session_account on parties.session (account);
create index session_seen on parties.session (seen);
grant select, insert, update (seen), delete on parties.session to salus_registry;

create table parties.invitation (
    digest bytea primary key check (octet_length(digest) = 32),
    account uuid not null references parties.account,
    expires timestamptz not null
);
comment on table parties.invitation is 'One-time invitations to register a first credential; taken out when used';
comment on column parties.invitation.digest is 'SHA-256 of the invitation''s text';
comment on column parties.invitation.account is 'Whose account it opens';
comment on column parties.invitation.expires is 'When it lapses';
create index invitation_expires on parties.invitation (expires);
create index invitation_account on parties.invitation (account);
grant select, insert, delete on parties.invitation to salus_registry;
