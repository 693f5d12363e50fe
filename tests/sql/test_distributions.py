"""The normal and t distributions of sql/macros/distributions.sql, against the standard library.

Belongs here: the accuracies that the macros claim.
Does not belong here: what is tested with them (test_event_study).
"""

import math
from statistics import NormalDist

import duckdb
import pytest

from tests.sql_project import run_dbt
from tests.worlds.warehouse import Template

MACROS = {
    "normal_p": "normal_two_sided_p('z')",
    "quantile": "normal_quantile('p')",
    "t_p": "t_two_sided_p('z', 'df')",
    "t_quantile": "t_quantile('z', 'df')",
}


@pytest.fixture(scope="module")
def compiled(template: Template, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Each macro as SQL over columns z, p and df."""
    folder = tmp_path_factory.mktemp("macros")
    inline = " ;; ".join(f"{{{{ {macro} }}}}" for macro in MACROS.values())
    result = run_dbt(template.runner, folder, "compile", "--inline", inline)
    assert result.success, result.exception
    texts = result.result.results[0].node.compiled_code.split(" ;; ")  # type: ignore[union-attr]
    return dict(zip(MACROS, texts, strict=True))


def evaluate(expression: str, **values: float | int | None) -> float:
    columns = ", ".join(f"cast(? as {'bigint' if name == 'df' else 'double'}) as {name}" for name in values)
    with duckdb.connect() as connection:
        rows = connection.execute(f"select {expression} from (select {columns})", list(values.values()))
        return rows.fetchall()[0][0]


def t_two_sided(t: float, df: int) -> float:
    """Simpson's rule over the density, 20,000 steps: another way than the macro's closed form."""
    scale = math.exp(math.lgamma((df + 1) / 2) - math.lgamma(df / 2)) / math.sqrt(df * math.pi)
    steps = 20_000
    width = abs(t) / steps
    total = sum(
        (1 if at in (0, steps) else 4 if at % 2 else 2) * (1 + (at * width) ** 2 / df) ** (-(df + 1) / 2)
        for at in range(steps + 1)
    )
    return 1 - 2 * scale * total * width / 3


@pytest.mark.parametrize("z", [0.0, 1e-6, 0.3, -1.0, 1.959963984540054, -2.5, 4.0, 6.0, 7.9])
def test_the_normal_probability(compiled: dict[str, str], z: float) -> None:
    assert evaluate(compiled["normal_p"], z=z) == pytest.approx(math.erfc(abs(z) / math.sqrt(2)), abs=1e-14)


@pytest.mark.parametrize(
    "p", [1e-9, 0.001, 0.025, 0.0750001, 0.3, 0.5, 0.7, 0.925, 0.95, 0.975, 0.995, 1 - 1e-9]
)
def test_the_normal_quantile(compiled: dict[str, str], p: float) -> None:
    assert evaluate(compiled["quantile"], p=p) == pytest.approx(NormalDist().inv_cdf(p), rel=1e-14, abs=1e-15)


@pytest.mark.parametrize("df", [1, 2, 3, 4, 7, 30, 97, 118, 500])
@pytest.mark.parametrize("t", [0.0, 0.5, -1.98, 4.3])
def test_the_t_probability(compiled: dict[str, str], t: float, df: int) -> None:
    assert evaluate(compiled["t_p"], z=t, df=df) == pytest.approx(t_two_sided(t, df), abs=1e-11)


@pytest.mark.parametrize(("df", "accuracy"), [(20, 1e-6), (90, 1e-9), (117, 1e-9), (118, 1e-9)])
def test_the_t_quantile_leaves_its_probability_in_the_tails(
    compiled: dict[str, str], df: int, accuracy: float
) -> None:
    quantile = evaluate(compiled["t_quantile"], z=NormalDist().inv_cdf(0.975), df=df)
    low, high = quantile * (1 - accuracy), quantile * (1 + accuracy)
    assert evaluate(compiled["t_p"], z=high, df=df) < 0.05 < evaluate(compiled["t_p"], z=low, df=df)


def test_what_is_not_known_stays_unknown(compiled: dict[str, str]) -> None:
    assert evaluate(compiled["normal_p"], z=None) is None
    assert evaluate(compiled["t_p"], z=1.0, df=0) is None
    assert evaluate(compiled["normal_p"], z=9.0) == 0.0
