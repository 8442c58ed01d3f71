{#- Start and end of the newest bucket that was over at the run clock, as local times that can be cast to every timestamp type. -#}
{% macro newest_closed_bucket(grain, zone) %}
    {%- if zone not in modules.pytz.all_timezones_set -%}
        {{ exceptions.raise_compiler_error("time_zone '" ~ zone ~ "' is unknown: write a name like Europe/Berlin") }}
    {%- endif -%}
    {%- set moment = modules.datetime.datetime.fromisoformat(lookout.as_of_text()).astimezone(modules.pytz.timezone(zone)) -%}
    {%- set clock = moment.replace(second=0, microsecond=0, tzinfo=none) -%}
    {%- set day, span = clock.replace(hour=0, minute=0), modules.datetime.timedelta -%}
    {%- set month = day.replace(day=1) -%}
    {%- set known = {
        "hour": [clock.replace(minute=0), span(hours=1)], "day": [day, span(days=1)],
        "week": [day - span(days=day.weekday()), span(days=7)], "month": [month, span(days=(month - span(days=1)).day)],
    } -%}
    {%- for n in (5, 10, 15, 30) %}{% do known.update({n ~ "min": [clock.replace(minute=clock.minute // n * n), span(minutes=n)]}) %}{% endfor -%}
    {%- if grain not in known -%}
        {{ exceptions.raise_compiler_error("grain '" ~ grain ~ "' is unknown: use one of " ~ known | join(", ")) }}
    {%- endif -%}
    {%- set end, step = known[grain] -%}
    {{ return({"start": (end - step) ~ " " ~ zone, "end": end ~ " " ~ zone, "horizon": (end - 31 * step) ~ " " ~ zone}) }}
{% endmacro %}
