create table ledger.cosignature (
    size bigint not null check (size > 0),
    witness text not null,
    cosigned timestamptz not null,
    line text not null,
    primary key (size, witness, cosigned)
);
create index cosignature_witness on ledger.cosignature (witness, size);
comment on table ledger.cosignature is 'What witnesses signed of our heads (C2SP tlog-cosignature); a head may gain more at any time';
comment on column ledger.cosignature.size is 'Size of the head';
comment on column ledger.cosignature.witness is 'The witness''s key, as name+id+key';
comment on column ledger.cosignature.cosigned is 'When it was the newest head that the witness knew, by the witness''s clock';
comment on column ledger.cosignature.line is 'The signature line, as published beneath the head';
grant select, insert on ledger.cosignature to salus_ledger;

-- Canonical JSON of an object with one key: what stands between the first two quotation marks is the kind.
create index leaf_kind on ledger.leaf ((split_part(encode(substring(entry from 3 for 40), 'escape'), '"', 1)), leaf_index);
