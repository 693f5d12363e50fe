{#
    Normal and t distributions, which no engine has. Accuracy, measured against the standard
    library's NormalDist and the closed form of t (tests/sql/test_distributions.py):

    normal_two_sided_p  1e-14 absolute         normal_quantile  1e-15 relative
    t_two_sided_p       1e-12 absolute         t_quantile       1e-9 relative from 90 degrees of
                                               freedom, 1e-6 from 20
#}

{#
    P(|Z| >= |z|). Power series of the normal integral (Abramowitz and Stegun 26.2.11): its terms
    are positive, and 200 of them are enough up to 8, beyond which the probability is below 2e-15.
#}
{% macro normal_two_sided_p(z) -%}
    case
        when {{ z }} is null then null
        when abs({{ z }}) > 8 then 0.0
        when {{ z }} = 0 then 1.0
        else greatest(0.0, 1 - 2 * exp(-({{ z }}) * ({{ z }}) / 2) / sqrt(2 * pi()) * {{ summed(
            0, 200, 'k',
            'exp((2 * k + 1) * ln(abs(' ~ z ~ ')) - ' ~ natural_log_of_gamma('(2 * k + 2)')
            ~ ' + k * ln(2) + ' ~ natural_log_of_gamma('(k + 1)') ~ ')'
        ) }})
    end
{%- endmacro %}

{# P(|T| >= |t|) for whole degrees of freedom: the finite sums of Abramowitz and Stegun 26.7.3, 4. #}
{% macro t_two_sided_p(t, df) -%}
    {%- set log_ratio = 'ln(' ~ df ~ ' / (' ~ df ~ ' + (' ~ t ~ ') * (' ~ t ~ ')))' -%}
    case
        when {{ t }} is null or {{ df }} is null or {{ df }} < 1 then null
        when {{ df }} = 1 then 1 - 2 / pi() * atan(abs({{ t }}))
        when {{ df }} % 2 = 1
            then greatest(0.0, 1 - 2 / pi() * (
                atan(abs({{ t }}) / sqrt({{ df }}))
                + abs({{ t }}) / sqrt({{ df }} + ({{ t }}) * ({{ t }})) * {{ summed(
                    0, 'cast(' ~ whole_part('(' ~ df ~ ' - 3)', 2) ~ ' as bigint)', 'k',
                    'exp((2 * k + 1) / 2.0 * ' ~ log_ratio ~ ' + ' ~ natural_log_of_gamma('(k + 1)')
                    ~ ' + ' ~ natural_log_of_gamma('1.5') ~ ' - '
                    ~ natural_log_of_gamma('(k + 1.5)') ~ ')'
                ) }}
            ))
        else greatest(0.0, 1 - abs({{ t }}) / sqrt({{ df }} + ({{ t }}) * ({{ t }})) * {{ summed(
            0, 'cast(' ~ whole_part('(' ~ df ~ ' - 2)', 2) ~ ' as bigint)', 'k',
            'exp(k * ' ~ log_ratio ~ ' + ' ~ natural_log_of_gamma('(k + 0.5)') ~ ' - '
            ~ natural_log_of_gamma('0.5') ~ ' - ' ~ natural_log_of_gamma('(k + 1)') ~ ')'
        ) }})
    end
{%- endmacro %}

{#
    The quantile of p, 1e-11 < p < 1 - 1e-11: algorithm AS 241, PPND16 (Wichura, Applied Statistics
    37, 1988).
#}
{% macro normal_quantile(p) -%}
    {%- set central = '(0.180625 - (' ~ p ~ ' - 0.5) * (' ~ p ~ ' - 0.5))' -%}
    {%- set tail = '(sqrt(-ln(least(' ~ p ~ ', 1 - ' ~ p ~ '))) - 1.6)' -%}
    case
        when abs({{ p }} - 0.5e0) <= 0.425
            then ({{ p }} - 0.5e0) * {{ polynomial(central, [
                '2509.0809287301226727', '33430.575583588128105', '67265.770927008700853',
                '45921.953931549871457', '13731.693765509461125', '1971.5909503065514427',
                '133.14166789178437745', '3.387132872796366608'
            ]) }} / {{ polynomial(central, [
                '5226.495278852854561', '28729.085735721942674', '39307.89580009271061',
                '21213.794301586595867', '5394.1960214247511077', '687.1870074920579083',
                '42.313330701600911252', '1.0'
            ]) }}
        else case when {{ p }} < 0.5 then -1 else 1 end * {{ polynomial(tail, [
            '7.7454501427834140764e-4', '2.27238449892691845833e-2', '2.41780725177450611770e-1',
            '1.27045825245236838258', '3.64784832476320460504', '5.76949722146069140550',
            '4.63033784615654529590', '1.42343711074968357734'
        ]) }} / {{ polynomial(tail, [
            '1.05075007164441684324e-9', '5.47593808499534494600e-4',
            '1.51986665636164571966e-2', '1.48103976427480074590e-1',
            '6.89767334985100004550e-1', '1.67638483018380384940', '2.05319162663775882187',
            '1.0'
        ]) }}
    end
{%- endmacro %}

{# The t quantile from the normal one: Abramowitz and Stegun 26.7.5, to the fourth order. #}
{% macro t_quantile(z, df) -%}
    (
        {{ z }}
        + (power({{ z }}, 3) + {{ z }}) / (4 * {{ df }})
        + (5 * power({{ z }}, 5) + 16 * power({{ z }}, 3) + 3 * {{ z }}) / (96 * power({{ df }}, 2))
        + (3 * power({{ z }}, 7) + 19 * power({{ z }}, 5) + 17 * power({{ z }}, 3) - 15 * {{ z }})
        / (384 * power({{ df }}, 3))
        + (
            79 * power({{ z }}, 9) + 776 * power({{ z }}, 7) + 1482 * power({{ z }}, 5)
            - 1920 * power({{ z }}, 3) - 945 * {{ z }}
        ) / (92160 * power({{ df }}, 4))
    )
{%- endmacro %}

{# Horner's scheme, the coefficient of the highest power first; doubles, not decimals. #}
{% macro polynomial(x, coefficients) -%}
    {%- set ns = namespace(text='cast(' ~ coefficients[0] ~ ' as double)') -%}
    {%- for coefficient in coefficients[1:] -%}
        {%- set ns.text = '(' ~ ns.text ~ ' * ' ~ x ~ ' + cast(' ~ coefficient ~ ' as double))' -%}
    {%- endfor -%}
    {{ ns.text }}
{%- endmacro %}
