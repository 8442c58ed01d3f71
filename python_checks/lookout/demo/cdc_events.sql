-- A flight enters the feed a day ahead; it departs with its delay or is cancelled at its scheduled minute; it lands
-- after its time in the air and twenty minutes on the ground. %(as_of)s: the feed has not seen anything later.
insert into cdc.flights_history
    (flight_key, carrier, origin, dest, status, delay_minutes, cdc_operation, cdc_timestamp)
with scheduled as (
    select
        concat_ws('-', carrier, flight, origin, to_char(time_hour at time zone 'UTC', 'YYYYMMDDHH24')) as flight_key,
        carrier,
        origin,
        dest,
        dep_delay,
        arr_delay,
        air_time,
        dep_time is null as is_cancelled,
        time_hour + make_interval(mins => minute) as scheduled_at
    from incoming_flights
),

events as (
    select flight_key, carrier, origin, dest, 'scheduled' as status, null::integer as delay_minutes,
        'INSERT' as cdc_operation, scheduled_at - interval '24 hours' as cdc_timestamp
    from scheduled
    union all
    select flight_key, carrier, origin, dest, case when is_cancelled then 'cancelled' else 'departed' end, dep_delay,
        'UPDATE', scheduled_at + make_interval(mins => coalesce(dep_delay, 0))
    from scheduled
    union all
    select flight_key, carrier, origin, dest, 'landed', arr_delay,
        'UPDATE', scheduled_at + make_interval(mins => dep_delay + air_time + 20)
    from scheduled
    where air_time is not null and not is_cancelled
)

select flight_key, carrier, origin, dest, status, delay_minutes, cdc_operation, cdc_timestamp
from events
where cdc_timestamp >= '2013-01-01 00:00:00+00' and cdc_timestamp < %(as_of)s
order by cdc_timestamp
