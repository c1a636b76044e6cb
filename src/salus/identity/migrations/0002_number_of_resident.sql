create index number_resident on identity.number (resident_key, at);
comment on index identity.number_resident is 'So that the last two characters of a resident''s own number are found for a hint';
