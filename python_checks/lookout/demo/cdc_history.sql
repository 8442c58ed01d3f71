-- The change history of the demo: what a change-data-capture feed of the flights would have written in 2013.
create schema if not exists cdc;

create table if not exists cdc.flights_history (
    surrogate_key bigint generated always as identity primary key,
    flight_key text not null,
    carrier text not null,
    origin text not null,
    dest text not null,
    status text not null,
    delay_minutes integer,
    cdc_operation text not null,
    cdc_timestamp timestamptz not null
);

create index if not exists flights_history_cdc_timestamp_idx on cdc.flights_history using brin (cdc_timestamp);

comment on table cdc.flights_history is 'One row per change of a flight: scheduled, then departed or cancelled, then landed.';
