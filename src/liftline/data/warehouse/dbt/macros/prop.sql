{#- One property out of a JSON column, typed as the tracking plan types it.

    A value of another type is null, never an error: the collector has already rejected it
    for planned events, and one odd unplanned event must not stop a build. Timestamps come
    back as naive UTC, as every instant in the warehouse. -#}
{% macro prop(column, name, type='string') -%}
    {%- set path = "'$.\"" ~ (name | replace("'", "''") | replace('"', '\\"')) ~ "\"'" -%}
    {%- set text = "json_extract_string(" ~ column ~ ", " ~ path ~ ")" -%}
    {%- if type == 'string' -%} {{ text }}
    {%- elif type == 'integer' -%} try_cast({{ text }} as bigint)
    {%- elif type == 'number' -%} try_cast({{ text }} as double)
    {%- elif type == 'boolean' -%} try_cast({{ text }} as boolean)
    {%- elif type == 'timestamp' -%} cast(try_cast({{ text }} as timestamptz) as timestamp)
    {%- elif type in ('array', 'object', 'any') -%} json_extract({{ column }}, {{ path }})
    {%- else -%}
        {{ exceptions.raise_compiler_error("prop: unknown type " ~ type ~ " of " ~ name) }}
    {%- endif -%}
{%- endmacro %}
