{#- A model's schema is the one it names (staging, ledger, analytics): one warehouse, one
    target, so no prefix. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name if custom_schema_name is not none else target.schema }}
{%- endmacro %}
