create table records.deleted (
    resource_key bigint primary key,
    id uuid not null unique,
    type text not null,
    chart_key bigint not null,
    version integer not null,
    at timestamptz not null
);
comment on table records.deleted is 'Resources whose newest version says that they were deleted: no search and no reference finds them, their history stays, and an update brings one back';
comment on column records.deleted.resource_key is 'Physical key, as it was in records.resource';
comment on column records.deleted.id is 'The FHIR id, which is never given again';
comment on column records.deleted.type is 'FHIR resource type';
comment on column records.deleted.chart_key is 'The source record it belongs to';
comment on column records.deleted.version is 'Number of the version that says so';
comment on column records.deleted.at is 'When that version was stored';
grant select, insert, delete, update (version) on records.deleted to salus_care;

alter table records.version add column deleted boolean not null default false;
comment on column records.version.deleted is 'Whether this version says that the resource was deleted; its body then holds no more than type, id and version';

grant delete on records.resource to salus_care;
create function records.keep_what_is_deleted() returns trigger language plpgsql as $$
begin
    if not exists (select from records.deleted d where d.resource_key = old.resource_key and d.version > old.version) then
        raise exception 'a resource is deleted by a version that says so, and by nothing else';
    end if;
    return old;
end
$$;
create trigger resource_is_deleted_by_a_version before delete on records.resource
    for each row execute function records.keep_what_is_deleted();
