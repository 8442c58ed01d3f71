{#- Start and end of the newest bucket that was over at the run clock, as texts that can be cast to every timestamp type. -#}
{% macro newest_closed_bucket(grain) %}
    {%- set clock = modules.datetime.datetime.fromisoformat(lookout.as_of_text()).astimezone(modules.pytz.utc) -%}
    {%- set floor = {"hour": clock.hour, "day": 0} -%}
    {%- if grain not in floor -%}
        {{ exceptions.raise_compiler_error("grain '" ~ grain ~ "' is unknown: use hour or day") }}
    {%- endif -%}
    {%- set end = clock.replace(hour=floor[grain], minute=0, second=0, microsecond=0, tzinfo=none) -%}
    {%- set step = modules.datetime.timedelta(**{grain ~ "s": 1}) -%}
    {%- set form = "%Y-%m-%d %H:%M:%S+00" -%}
    {{ return({
        "start": (end - step).strftime(form),
        "end": end.strftime(form),
        "horizon": (end - 31 * step).strftime(form),
    }) }}
{% endmacro %}
