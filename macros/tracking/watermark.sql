{#-
    How far a tracked pipeline has come, as SQL: the watermark of its last successful execution, else the default.
    A watermark is text, so name the type it is compared as. PostgreSQL evaluates the expression once a query.

        select * from {{ source('shop', 'orders') }}
        {% if is_incremental() %}
            where loaded_at > {{ lookout.watermark('load orders', '1970-01-01', 'timestamptz') }}
        {% endif %}
-#}
{% macro watermark(pipeline, default=none, data_type="text") -%}
    cast(coalesce(
        (
            select pipelines.watermark
            from {{ ref("lookout", "pipelines") }} as pipelines
            where pipelines.pipeline_id = '{{ local_md5(pipeline | trim | lower) }}'
        ),
        {{ "null" if default is none else dbt.string_literal(dbt.escape_single_quotes(default | string)) }}
    ) as {{ data_type }})
{%- endmacro %}
