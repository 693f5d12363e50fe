"""Lead and lag of adoption and returns, on weeks made by hand.

Belongs here: fct_adoption_lead_lag over given weekly growth and excess returns.
Does not belong here: how weeks are summed (dbt unit test beside int_adoption__weekly).
"""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from benchmarks.price_warehouse import PriceWarehouse
from tests.worlds.warehouse import Template

MONDAY = date(2024, 1, 1)
WEEKS = 120
CHANCE = 10  # families whose growth has nothing to do with their share
LAG = 2


def make_weeks() -> pd.DataFrame:
    chance = np.random.default_rng(11)
    frames = []
    names = ["leads", "short", *(f"chance{number}" for number in range(CHANCE))]
    for name in names:
        weeks = 59 if name == "short" else WEEKS  # 59 less 8 are 51 pairs at the longest lag
        growth = chance.normal(0.02, 0.1, weeks)
        excess = chance.normal(0, 0.03, weeks)
        if name == "leads":
            excess[LAG:] += 0.3 * growth[:-LAG]
            growth[5], excess[17] = np.nan, np.nan
        frames.append(
            pd.DataFrame({
                "family": name, "symbol": "X", "definition": "organisation",
                "week": [MONDAY + timedelta(7 * week) for week in range(weeks)],
                "growth": growth, "excess_return": excess, "week_number": range(weeks), "weeks": weeks,
            })
        )  # fmt: skip
    return pd.concat(frames)


@pytest.fixture(scope="module")
def warehouse(template: Template, tmp_path_factory: pytest.TempPathFactory) -> PriceWarehouse:
    warehouse = PriceWarehouse(tmp_path_factory.mktemp("weeks"), template)
    weeks = make_weeks()
    weeks["growth"] = weeks["growth"].astype("Float64")
    weeks["excess_return"] = weeks["excess_return"].astype("Float64")
    warehouse.insert_frame("intermediate.int_adoption__weekly", weeks)
    return warehouse


@pytest.fixture(scope="module")
def lags(warehouse: PriceWarehouse) -> pd.DataFrame:
    warehouse.build("fct_adoption_lead_lag")
    return warehouse.frame("select * from marts.fct_adoption_lead_lag order by family, lag_weeks")


def test_correlations_equal_the_reference_at_every_lag(lags: pd.DataFrame) -> None:
    weeks = make_weeks()
    for family in ("leads", "chance0"):
        of = weeks[weeks["family"] == family]
        found = lags[lags["family"] == family]
        assert list(found["lag_weeks"]) == list(range(-8, 9))
        for row in found.itertuples():
            shifted = of["excess_return"].shift(-row.lag_weeks)
            assert row.correlation == pytest.approx(of["growth"].corr(shifted), rel=1e-9)
            assert row.weeks == (of["growth"].notna() & shifted.notna()).sum()


def test_growth_that_leads_is_found_at_its_lead_alone(lags: pd.DataFrame) -> None:
    leads = lags[(lags["family"] == "leads") & lags["is_outside_band"]]
    assert list(leads["lag_weeks"]) == [LAG]


def test_the_band_holds_all_lags_of_chance_in_most_families(lags: pd.DataFrame) -> None:
    chance = lags[lags["family"].str.startswith("chance")]
    outside = chance.groupby("family")["is_outside_band"].any().sum()
    assert outside <= 2  # of 10; more have a chance of 1 in 100
    assert chance.groupby("family")["band"].nunique().eq(1).all()


def test_fewer_than_52_weeks_at_any_lag_give_a_reason_and_no_number(lags: pd.DataFrame) -> None:
    short = lags[lags["family"] == "short"]
    assert short[["correlation", "band", "is_outside_band"]].isna().all(axis=None)
    assert set(short["reason"]) == {
        "each lag needs 52 weeks with both a growth and a return, and one has only 51"
    }


def test_the_band_is_the_same_every_time(warehouse: PriceWarehouse, lags: pd.DataFrame) -> None:
    warehouse.build("fct_adoption_lead_lag")
    again = warehouse.frame("select * from marts.fct_adoption_lead_lag order by family, lag_weeks")
    pd.testing.assert_frame_equal(again, lags, rtol=1e-9)
