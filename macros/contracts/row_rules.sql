{#- Every rule of a contract that one row can break, or a row and those before it. -#}
{% macro row_rules(contract) %}
    {%- set book, node = {}, contract.get("node") -%}
    {%- if node -%}
        {%- do lookout.constraint_rules(book, contract) -%}
        {%- for column in node.columns.values() -%}
            {%- do lookout.column_rules(book, contract, column) -%}
        {%- endfor -%}
        {%- for key in contract.given.get("keys") or [] -%}
            {%- do lookout.promise(book, contract, "unique", key) -%}
        {%- endfor -%}
        {%- for rule in contract.given.get("rules") or [] -%}
            {%- set about = {"name": rule.get("name"), "severity": rule.get("severity"), "where": rule.get("where")} -%}
            {%- if rule.get("expression") -%}
                {%- do lookout.promise(book, contract, "expression", [], {"sql": rule.expression}, **about) -%}
            {%- else -%}
                {%- set columns = [rule.unique] if rule.unique is string else rule.unique -%}
                {%- do lookout.promise(book, contract, "unique", columns, **about) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- set reads_tests = contract.given.get("tests") -%}
        {%- if reads_tests or (reads_tests is none and node.resource_type == "source") -%}
            {%- do lookout.test_rules(book, contract) -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(book.values() | list) }}
{% endmacro %}
