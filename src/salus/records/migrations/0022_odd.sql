alter table records.arrived drop constraint arrived_kind_check;
alter table records.arrived add constraint arrived_kind_check
    check (kind in ('resource', 'element', 'delay', 'again', 'odd'));
comment on column records.arrived.kind is 'resource: all; element: those that carry an element of the core set; delay: new ones by days from event to arrival; again: those of which the same was sent before; odd: those stored with something odd in who they say that somebody is';
comment on column records.arrived.detail is 'Of an element its name in the core set, of a delay the number of days, of what is odd its kind, else empty';
