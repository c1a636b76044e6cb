-- What a database administrator could try: write a decision and its notice past everything that decides. The story runs it
-- as the owner of all tables, and then looks what anybody is shown.
with forged as (
    insert into healthcode.decision
        (result, commitment, chart_key, rules, emergency, entry, sealed, pending_id, decided_at)
    select
        sha256(convert_to(%(at)s::text || 'result', 'UTF8')), sha256(convert_to(%(at)s::text, 'UTF8')), %(chart)s,
        digest, digest, convert_to('{"decision":{"commitment":"red"}}', 'UTF8'), '\x00'::bytea, gen_random_uuid(), %(at)s
    from (select sha256('red'::bytea) as digest) as one
    returning commitment, decided_at
)
insert into healthcode.notice (commitment, issued_at) select commitment, decided_at from forged
