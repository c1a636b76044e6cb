comment on column records.token.param is '1 code, 2 identifier, 3 what a positive result found, or an admission; of a Patient 4 name, 5 sex, 6 birth date, 7 telephone or mail';
