alter table healthcode.voided drop constraint voided_ground_check;
alter table healthcode.voided add constraint voided_ground_check check (ground in ('asked', 'corrected', 'parted'));
comment on column healthcode.voided.ground is 'asked: its holder asked for it; corrected: the entry of the record was corrected; parted: the entry turned out to be another person''s';
