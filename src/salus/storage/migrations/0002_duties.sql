grant usage on schema storage to salus_surveillance, salus_command;
grant insert on storage.outbox to salus_surveillance, salus_command;
