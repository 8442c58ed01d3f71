-- The batch database of the demo: flights out of New York in 2013, one load a day, and what they refer to.
create schema if not exists marts;

create table if not exists marts.airlines (
    carrier text primary key,
    name text not null
);

create table if not exists marts.airports (
    faa text primary key,
    name text not null,
    lat double precision not null,
    lon double precision not null,
    alt integer,
    tz integer,
    dst text,
    tzone text
);

create table if not exists marts.planes (
    tailnum text primary key,
    year integer,
    type text,
    manufacturer text,
    model text,
    engines integer,
    seats integer,
    speed integer,
    engine text
);

create table if not exists marts.weather (
    origin text not null,
    year integer not null,
    month integer not null,
    day integer not null,
    hour integer not null,
    temp double precision,
    dewp double precision,
    humid double precision,
    wind_dir integer,
    wind_speed double precision,
    wind_gust double precision,
    precip double precision,
    pressure double precision,
    visib double precision,
    time_hour timestamptz not null
);

create table if not exists marts.flights (
    year integer not null,
    month integer not null,
    day integer not null,
    dep_time integer,
    sched_dep_time integer not null,
    dep_delay integer,
    arr_time integer,
    sched_arr_time integer not null,
    arr_delay integer,
    carrier text not null,
    flight integer not null,
    tailnum text,
    origin text not null,
    dest text not null,
    air_time integer,
    distance integer not null,
    hour integer not null,
    minute integer not null,
    time_hour timestamptz not null,
    flight_date date generated always as (make_date(year, month, day)) stored
);

create index if not exists flights_flight_date_idx on marts.flights using brin (flight_date);
create index if not exists weather_time_hour_idx on marts.weather using brin (time_hour);

comment on table marts.flights is 'One row per scheduled flight out of New York in 2013; dep_time is null when it was cancelled.';
comment on column marts.flights.flight_date is 'Local day of the scheduled departure.';
