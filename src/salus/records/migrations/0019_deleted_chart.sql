create index deleted_chart on records.deleted (chart_key);
comment on index records.deleted_chart is 'What of a chart was deleted: its classes are worked out again with the rest';
