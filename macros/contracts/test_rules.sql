{#- Rules of the generic tests of a node whose meaning is plain, as python_checks/lookout/contracts/spec/dbt_tests.py has them. -#}
{% macro test_rules(book, contract) %}
    {%- for test in lookout.tests_of(contract.node) -%}
        {%- set given = test.test_metadata.kwargs -%}
        {%- set conditions = [test.config.where, given.get("row_condition")] | select | list -%}
        {%- set where = conditions[0] if conditions | length == 1 else "(" ~ conditions | join(") and (") ~ ")" if conditions else none -%}
        {%- set is_said = "severity" in (test.unrendered_config or {}) -%}
        {%- set severity = "warning" if test.config.severity | lower == "warn" else "critical" if is_said -%}
        {%- for kind, columns, arguments in lookout.test_drafts(test) if "{{" not in tojson([where, arguments]) -%}
            {%- do lookout.promise(
                book, contract, kind, columns, arguments,
                test=test.unique_id if loop.first else "", severity=severity or none, where=where
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}
