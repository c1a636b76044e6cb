create table access.directive (
    id uuid primary key,
    resident_key bigint not null,
    says text not null check (says in ('permit', 'forbid')),
    about text not null check (about in ('hiv', 'psychiatry', 'reproduction', 'everything')),
    facility text,
    since timestamptz not null,
    until timestamptz,
    recorded_by text not null,
    recorded_as text not null check (recorded_as in ('resident', 'clinician', 'reception')),
    paper text,
    check (until > since),
    check (says = 'forbid' or about <> 'everything'),
    check (case when recorded_as = 'resident' then paper is null else says = 'forbid' and paper is not null end)
);
comment on table access.directive is 'What residents say of who may read what of their records; only ever added to';
comment on column access.directive.id is 'Identifier, random; the id of the FHIR Consent that it is shown as';
comment on column access.directive.resident_key is 'Whose record: the identifier under which it was said, with which it stays';
comment on column access.directive.says is 'permit opens a sensitive class, forbid closes; a forbid always wins';
comment on column access.directive.about is 'A sensitive class, or all that other facilities wrote';
comment on column access.directive.facility is 'The facility to which it is opened or closed; null for every place of care';
comment on column access.directive.since is 'The first instant at which it holds';
comment on column access.directive.until is 'The first instant at which it no longer holds; null while the resident lets it stand';
comment on column access.directive.recorded_by is 'Identifier of who wrote it down: the resident''s account, or a member of staff';
comment on column access.directive.recorded_as is 'What they were; staff write down only what closes';
comment on column access.directive.paper is 'Number of the paper that the resident signed at a desk; null where the resident wrote it';
create index directive_of_resident on access.directive (resident_key, since desc);
comment on index access.directive_of_resident is 'What a resident said, and what of it is in force';
grant select, insert on access.directive to salus_care;

create table access.withdrawal (
    id uuid primary key references access.directive (id),
    at timestamptz not null,
    withdrawn_by text not null
);
comment on table access.withdrawal is 'Directives that their resident took back; nobody else can';
comment on column access.withdrawal.id is 'The directive';
comment on column access.withdrawal.at is 'The first instant at which it no longer holds';
comment on column access.withdrawal.withdrawn_by is 'Identifier of the resident''s account';
grant select, insert on access.withdrawal to salus_care;

create function access.said(facilities text[], residents bigint[], as_of timestamptz)
returns table (facility text, resident_key bigint, permits integer, forbids integer)
language sql stable
begin atomic
    with standing as (
        select asked.facility, asked.resident_key, d.says,
            case d.about when 'hiv' then 1 when 'psychiatry' then 2 when 'reproduction' then 4 else 15 end as bits
        from unnest(facilities, residents) as asked (facility, resident_key)
        join access.directive d on d.resident_key = asked.resident_key
            and (d.facility is null or d.facility = asked.facility)
        left join access.withdrawal w on w.id = d.id
        where d.since <= as_of and (d.until is null or d.until > as_of) and (w.at is null or w.at > as_of)
    )
    select s.facility, s.resident_key, coalesce(bit_or(s.bits) filter (where s.says = 'permit'), 0),
        coalesce(bit_or(s.bits) filter (where s.says = 'forbid'), 0)
    from standing s group by s.facility, s.resident_key;
end;
comment on function access.said is 'For each pair of facility and resident of whom something is in force: the bits that were opened, and those that were closed';

create function access.shows(classes smallint, closed integer, own boolean) returns boolean
language sql immutable parallel safe
return own or (((coalesce(classes, 7) & 7) | 8) & closed) = 0;
comment on function access.shows is 'Whether a resource may be shown: to who wrote it always, to others unless a class of it is closed; null classes count as all';
