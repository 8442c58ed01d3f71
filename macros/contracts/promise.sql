{#-
    Adds a rule to a book of rules by identity. The same promise made twice is one rule, named as its dbt test and of
    the graver severity, as in RuleBook of python_checks/lookout/contracts/spec/rules.py.
-#}
{% macro promise(book, contract, kind, columns, arguments={}, name="", test="", severity=none, where=none) %}
    {%- set identity = tojson([kind, columns, arguments, where], sort_keys=true) -%}
    {%- set plain = kind ~ "(" ~ (arguments.sql or columns | join(", ")) ~ ")" ~ (" where " ~ where if where else "") -%}
    {%- set known = book.get(identity) -%}
    {%- set label = test or (known.name if known else name or plain) -%}
    {%- set weight = severity or contract.severity -%}
    {%- if not known and label in book.values() | map(attribute="name") | list -%}
        {%- set label = label ~ " " ~ tojson(arguments, sort_keys=true) -%}
    {%- endif -%}
    {%- do book.update({identity: {
        "kind": kind,
        "columns": columns,
        "arguments": arguments,
        "name": label,
        "severity": "critical" if known and known.severity == "critical" else weight,
        "where": where,
    }}) -%}
{% endmacro %}
