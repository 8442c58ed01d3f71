{#- Rules of the constraints of a table and of its columns; foreign keys reject no rows. -#}
{% macro constraint_rules(book, contract) %}
    {%- set node, not_null, keys = contract.node, [], {"primary_key": [], "unique": []} -%}
    {%- set given = [] -%}
    {%- for constraint in node.get("constraints") or [] -%}
        {%- do given.append([constraint.columns, constraint, false]) -%}
    {%- endfor -%}
    {%- for column in node.columns.values() -%}
        {%- for constraint in column.constraints or [] %}{% do given.append([[column.name], constraint, true]) %}{% endfor -%}
    {%- endfor -%}
    {%- for columns, constraint, is_of_column in given -%}
        {%- if constraint.type in keys %}{% do keys[constraint.type].append(columns | list) %}{% endif -%}
        {%- if constraint.type in ("primary_key", "not_null") %}{% do not_null.extend(columns) %}{% endif -%}
        {%- if constraint.type == "check" and constraint.expression -%}
            {%- set is_taken = constraint.name in book.values() | map(attribute="name") | list -%}
            {%- do lookout.promise(
                book, contract, "expression", columns | list if is_of_column else [], {"sql": constraint.expression},
                name="" if is_taken else constraint.name or ""
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for column in node.columns.values() if column.name in not_null -%}
        {%- do lookout.promise(book, contract, "not_null", [column.name]) -%}
    {%- endfor -%}
    {%- for key in keys.primary_key + keys.unique %}{% do lookout.promise(book, contract, "unique", key) %}{% endfor -%}
{% endmacro %}
