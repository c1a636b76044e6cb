alter table healthcode.brought alter column content drop not null;
comment on column healthcode.brought.content is 'The facts, who signed them and the SHA-256 of their source, sealed to this row; none once it was taken out';
update healthcode.brought set content = null where brought_id in (select brought_id from healthcode.brought_out);
grant update (content) on healthcode.brought to salus_care;
