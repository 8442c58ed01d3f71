{#- The contract as it is, or a sentence that says why rows cannot be held to it and what to do. -#}
{% macro usable_contract(contract, relation) %}
    {%- set name = relation.schema ~ "." ~ relation.identifier -%}
    {%- if not contract -%}
        {{ exceptions.raise_compiler_error(
            "no source or model with a contract has the table " ~ name
            ~ ": set meta.lookout.contract where it is declared, to strict or lenient"
        ) }}
    {%- elif contract.mode not in ("strict", "lenient") -%}
        {{ exceptions.raise_compiler_error(
            "contract of " ~ name ~ ": mode is '" ~ contract.mode ~ "'; use strict or lenient"
        ) }}
    {%- elif contract.given.get("payload") -%}
        {{ exceptions.raise_compiler_error(
            "contract of " ~ name ~ " is about the fields inside " ~ contract.given.payload ~ ", and rows are accepted by"
            ~ " columns only: select the fields as columns in a model, promise these there, and accept that model's rows"
        ) }}
    {%- endif -%}
    {{ return(contract) }}
{% endmacro %}
