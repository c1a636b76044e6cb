alter table access.directive
    add constraint openings_end check (says = 'forbid' or (until is not null and until <= since + interval '366 days')),
    add constraint paper_is_a_reference check (
        paper ~ '^[A-Za-z0-9][A-Za-z0-9/.-]{0,19}$'
        and paper !~ '([0-9][^0-9]*){9}'
        and regexp_replace(paper, '[/.-]', '', 'g') !~ '^([A-Za-z]{1,2}[0-9]{7}|[A-Za-z][0-9]{8})$'
    );
