{#-
    What a column is promised to be: the family of its type, as in python_checks/lookout/contracts/spec/types.py, and the type that its
    values are compared in. Empty when nothing is promised.
-#}
{% macro promised_type(contract, name) -%}
    {%- set families = {
        "integer": [["smallint", "int2", "smallserial", "serial2", "integer", "int", "int4", "serial", "serial4",
            "bigint", "int8", "bigserial", "serial8"], "numeric"],
        "number": [["numeric", "decimal", "dec", "number"], "numeric"],
        "real": [["real", "float4"], "real"],
        "float": [["double precision", "float8", "double", "float"], "double precision"],
        "boolean": [["boolean", "bool"], "boolean"],
        "timestamp": [["timestamp without time zone", "timestamp", "timestamp with time zone", "timestamptz",
            "timestamp_tz", "datetime"], "timestamptz"],
        "date": [["date"], "date"],
        "time": [["time without time zone", "time", "time with time zone", "timetz"], "timetz"],
        "uuid": [["uuid"], "uuid"],
        "text": [["text", "character varying", "varchar", "char varying", "character", "char", "bpchar", "citext",
            "name", "string"], "text"],
    } -%}
    {%- set promised = (contract.node.columns.get(name) or {}).get("data_type") or "" -%}
    {%- set word = modules.re.sub("\([^)]*\)", " ", promised).lower().split() | join(" ") -%}
    {%- for family, told in families.items() if word in told[0] -%}
        {{ return({"family": family, "type": told[1]}) }}
    {%- endfor -%}
    {{ return({"family": "other" if word else "", "type": ""}) }}
{%- endmacro %}
