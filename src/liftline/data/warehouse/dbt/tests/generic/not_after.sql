{#- An instant lies at most `by` (an interval) after another one: clocks that run ahead. -#}
{% test not_after(model, column_name, other, by='0 seconds') %}
select {{ column_name }}, {{ other }}
from {{ model }}
where {{ column_name }} > {{ other }} + interval '{{ by }}'
{% endtest %}
