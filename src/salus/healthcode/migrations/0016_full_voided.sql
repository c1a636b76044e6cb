alter table healthcode.full_certificate add column place integer generated always as identity unique;
comment on column healthcode.full_certificate.place is 'Its number among full certificates, under which it is void: list 0 of healthcode.voided, which is published in other forms';
comment on column healthcode.full_certificate.ends is 'When it ends by itself';
comment on table healthcode.full_certificate is 'Certificates in formats of other systems, with name and birth date, that residents took of their own records; never changed, voided in a table of its own';
create index full_certificate_resource on healthcode.full_certificate (resource_id);
comment on index healthcode.full_certificate_resource is 'What rests on an entry that is corrected';
comment on column healthcode.voided.list_number is 'The list; 0 for full certificates, which have no status list';
comment on column healthcode.voided.index is 'The place in it; of a full certificate its number';
