{#- No two rows share these columns: the grain of the model. -#}
{% test unique_together(model, columns) %}
select {{ columns | join(', ') }}, count(*) as rows_of_the_same_grain
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
