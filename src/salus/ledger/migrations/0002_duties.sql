grant usage on schema ledger to salus_surveillance, salus_command;
grant insert on ledger.pending to salus_surveillance, salus_command;
