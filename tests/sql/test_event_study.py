"""The event study on prices made by hand, against least squares computed another way, and on bad input.

Belongs here: results of the market's SQL models over one small world of two exchanges.
Does not belong here: how events map to sessions and what each model refuses (dbt unit tests beside the
models), and how often chance is called an effect (test_placebo_honesty).
"""

import math
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.price_warehouse import MARKET_MODELS, PriceWarehouse, prices_of, weekdays
from tests.worlds.warehouse import Template

FIRST = date(2023, 1, 2)
LENGTH = 760
EVENT = 700  # place of the session of most events
WINDOWS = [(0, 0), (-1, 1), (0, 1), (-5, 5)]
STUDY = "select * from marts.fct_event_study order by event_id, ticker, model, window_start, window_end"
MODELS = {"market": None, "market_sector": "sector", "market_peers": "peers"}
DAYS = weekdays(FIRST, LENGTH)
AHEAD = weekdays(DAYS[-1] + timedelta(1), 10)  # sessions that are expected and not yet there
# Hong Kong has holidays that New York has not, two of them around the event
HOLIDAYS = {DAYS[at] for at in (40, 300, 301, 620, EVENT - 3, EVENT + 1)}
HONG_KONG = [day for day in DAYS if day not in HOLIDAYS]
GOOD = {  # symbol: exchange, sector, peers
    "ALPHA": ("XNYS", "NSECTOR", ["BETA", "GAMMA", "HKPEER"]),
    "BETA": ("XNYS", "NSECTOR", ["ALPHA", "GAMMA"]),
    "GAMMA": ("XNYS", "NSECTOR", ["ALPHA", "BETA"]),
    "HKPEER": ("XHKG", "HSECTOR", ["HKTWO"]),
    "HKTWO": ("XHKG", "HSECTOR", ["HKPEER"]),
}
MARKETS = {"XNYS": "NMARKET", "XHKG": "HMARKET"}
# one share for each way in which input can be bad, all with an event on the same session
BAD = {
    "IPO": "3 of the 120 sessions of the estimation window have prices, 100 are needed",
    "HALTED": f"no usable return of HALTED on {DAYS[EVENT]}: halted, delisted or not fetched",
    "DELISTED": f"no usable return of DELISTED on {DAYS[EVENT + 1]}: halted, delisted or not fetched",
    "NOBENCH": f"no usable return of HOLEY on {DAYS[EVENT]}: halted, delisted or not fetched",
    "SPLIT": "a split of SPLIT is not in its adjusted prices, so their returns are not returns",
    "FLAT": "zero variance: the share does not move apart from its factors",
    "STILLMARKET": "zero variance: the market does not move in the estimation window",
    "UNPRICED": "no price of UNPRICED was ever stored",
    "UNBENCHED": "UNBENCHED has no market_symbol in the seed companies",
    "LATE": f"the window ends on {AHEAD[0]}, later than the prices",
}


def make_returns() -> dict[str, Any]:
    """Log returns by symbol; those of Hong Kong on its own sessions, NaN on its holidays."""
    chance = np.random.default_rng(4)
    market = chance.normal(0, 0.01, LENGTH)
    sector = 0.8 * market + chance.normal(0, 0.008, LENGTH)
    hk_market = 0.5 * market + chance.normal(0, 0.009, LENGTH)
    hk_sector = 0.9 * hk_market + chance.normal(0, 0.007, LENGTH)
    returns = {"NMARKET": market, "NSECTOR": sector, "HMARKET": hk_market, "HSECTOR": hk_sector}
    for number, (symbol, (exchange, *_)) in enumerate(GOOD.items()):
        one, two = (market, sector) if exchange == "XNYS" else (hk_market, hk_sector)
        own = chance.normal(0.0002, 0.012 + 0.002 * number, LENGTH)
        returns[symbol] = (0.8 + 0.1 * number) * one + 0.5 * (two - one) + own
    returns["ALPHA"][EVENT] += 0.08
    for symbol in (*BAD, "SPLITDONE"):
        returns[symbol] = 0.9 * market + chance.normal(0, 0.01, LENGTH)
    returns["SPLITDONE"] = returns["SPLIT"].copy()
    returns["FLAT"] = np.zeros(LENGTH)
    returns["STILL"] = np.zeros(LENGTH)
    returns["HOLEY"] = market.copy()
    return returns


RETURNS = make_returns()


def make_prices() -> pd.DataFrame:
    prices = prices_of(RETURNS, DAYS)
    place = prices["session_date"].map({day: at for at, day in enumerate(DAYS)})
    symbol = prices["symbol"]
    dropped = (
        (symbol.isin([s for s in prices["symbol"].unique() if _exchange(s) == "XHKG"])
            & prices["session_date"].isin(HOLIDAYS))
        | ((symbol == "IPO") & (place < EVENT - 24))  # 21 sessions before the event, and 4 more
        | ((symbol == "HALTED") & (place == EVENT))
        | ((symbol == "DELISTED") & (place > EVENT))
        | ((symbol == "HOLEY") & (place == EVENT))
        | ((symbol == "ALPHA") & (place == EVENT - 60))  # a hole costs the two returns beside it
        | (symbol == "UNPRICED")
    )  # fmt: skip
    prices["split_ratio"] = np.where(symbol.isin(["SPLIT", "SPLITDONE"]) & (place == EVENT - 80), 2.0, 0.0)
    # Yahoo has not adjusted the past of SPLIT yet
    prices.loc[(symbol == "SPLIT") & (place < EVENT - 80), "adj_close"] *= 2
    return prices[~dropped]


def _exchange(symbol: str) -> str:
    return "XHKG" if symbol.startswith("H") and symbol not in ("HALTED", "HOLEY") else "XNYS"


@pytest.fixture(scope="module")
def world(template: Template, tmp_path_factory: pytest.TempPathFactory) -> PriceWarehouse:
    warehouse = PriceWarehouse(tmp_path_factory.mktemp("market"), template)
    warehouse.add_sessions("XNYS", DAYS + AHEAD)
    warehouse.add_sessions("XHKG", HONG_KONG + AHEAD)
    for symbol, exchange in (("NMARKET", "XNYS"), ("NSECTOR", "XNYS"), ("HMARKET", "XHKG"),
                             ("HSECTOR", "XHKG"), ("HOLEY", "XNYS"), ("STILL", "XNYS")):  # fmt: skip
        warehouse.add_share(symbol, exchange=exchange)
    for symbol, (exchange, sector, peers) in GOOD.items():
        warehouse.add_share(symbol, symbol, exchange=exchange, market_symbol=MARKETS[exchange],
                            sector_symbol=sector, peers=" ".join(peers), country="CN")  # fmt: skip
        warehouse.add_event(f"{symbol}-1", symbol, DAYS[EVENT])
        warehouse.add_event(f"{symbol}-2", symbol, DAYS[EVENT + 40])
    for symbol in (*BAD, "SPLITDONE"):
        market = {"NOBENCH": "HOLEY", "STILLMARKET": "STILL", "UNBENCHED": None}.get(symbol, "NMARKET")
        warehouse.add_share(symbol, symbol, market_symbol=market)
        warehouse.add_event(f"{symbol}-1", symbol, DAYS[LENGTH - 1 if symbol == "LATE" else EVENT])
    warehouse.add_share("TWIN", "TWIN", market_symbol="NMARKET", sector_symbol="NMARKET")
    warehouse.add_share("HKNY", "HKNY", exchange="XHKG", market_symbol="HMARKET", sector_symbol="NSECTOR",
                        peers="ALPHA")  # fmt: skip
    for symbol in ("TWIN", "HKNY"):
        warehouse.add_event(f"{symbol}-1", symbol, DAYS[EVENT])
    warehouse.add_share("TOLD", "TOLD", market_symbol="NMARKET", sector_symbol="NSECTOR", peers="BETA GAMMA")
    for event_id, day, hour in (("told-1", EVENT, "06:00"), ("told-2", EVENT, "05:00"),
                                ("told-3", EVENT + 1, "06:00")):  # fmt: skip
        warehouse.add_event(event_id, "TOLD", DAYS[day], story="told", event_time=hour)
    warehouse.add_event("weekend", "ALPHA", DAYS[EVENT + 19] + timedelta(1), event_time="10:00")
    warehouse.insert_rows("seeds.confounders", [
        {"confounder": "a", "confounder_date": DAYS[EVENT], "affected_company": "ALPHA", "what": "mine",
         "verified": True},
        {"confounder": "b", "confounder_date": DAYS[EVENT + 1], "affected_country": "CN", "what": "ours",
         "verified": False},
        {"confounder": "c", "confounder_date": DAYS[EVENT - 1], "affected_country": "US", "what": "theirs",
         "verified": True},
        {"confounder": "d", "confounder_date": DAYS[EVENT + 1], "affected_company": "TOLD", "what": "x; y",
         "verified": True},
    ])  # fmt: skip
    extra = {"TWIN": RETURNS["HALTED"], "TOLD": RETURNS["LATE"], "HKNY": RETURNS["HKTWO"] * 1.1 + 0.001}
    more = prices_of(extra, DAYS)
    more = more[(more["symbol"] != "HKNY") | ~more["session_date"].isin(HOLIDAYS)]
    warehouse.add_prices(pd.concat([make_prices(), more]).fillna({"split_ratio": 0.0}))
    warehouse.build_market()
    return warehouse


class Reference:
    """Returns as an analyst with pandas would make them, and ordinary least squares by matrices."""

    def __init__(self, prices: pd.DataFrame) -> None:
        wide = prices.pivot(index="session_date", columns="symbol", values="adj_close")
        self.levels = {exchange: np.log(wide.reindex(days)) for exchange, days in
                       (("XNYS", DAYS), ("XHKG", HONG_KONG))}  # fmt: skip

    def returns(self, symbol: str) -> pd.Series:
        return self.levels[_exchange(symbol)][symbol].diff()

    def factor(self, symbol: str, kind: str | None) -> list[pd.Series]:
        exchange, sector, peers = GOOD[symbol]
        factors = [self.returns(MARKETS[exchange])]
        if kind == "sector":
            factors.append(self.returns(sector))
        if kind == "peers":
            index = factors[0].index
            simple = []
            for peer in peers:
                own = self.returns(peer)
                if _exchange(peer) == exchange:
                    simple.append(np.expm1(own))
                else:  # the last close of the other exchange on or before each day
                    last = self.levels[_exchange(peer)][peer].reindex(index, method="ffill")
                    simple.append(np.expm1(last.diff()))
            factors.append(np.log1p(pd.concat(simple, axis=1).mean(axis=1, skipna=False)))
        return factors

    def fit(
        self, symbol: str, kind: str | None, place: int, window: tuple[int, int]
    ) -> dict[str, Any] | None:
        """Everything that fct_event_study says of the window around the session at `place`."""
        y, factors = self.returns(symbol), self.factor(symbol, kind)
        frame = pd.concat([y, *factors], axis=1).to_numpy()
        start, end = place + window[0], place + window[1]
        if place - 140 < 0 or end >= len(frame):
            return None
        estimation, event = frame[place - 140 : place - 20], frame[start : end + 1]
        estimation = estimation[~np.isnan(estimation).any(axis=1)]
        if len(estimation) < 100 or np.isnan(event).any():
            return None
        design = np.column_stack([np.ones(len(estimation)), estimation[:, 1:]])
        coefficients, *_ = np.linalg.lstsq(design, estimation[:, 0], rcond=None)
        errors = estimation[:, 0] - design @ coefficients
        freedom = len(estimation) - design.shape[1]
        variance = errors @ errors / freedom
        rows = np.column_stack([np.ones(len(event)), event[:, 1:]])
        abnormal = event[:, 0] - rows @ coefficients
        covariance = variance * (np.eye(len(event)) + rows @ np.linalg.inv(design.T @ design) @ rows.T)
        # made orthogonal, the second factor leaves its explained part to the market
        beta = np.polyfit(estimation[:, 1], estimation[:, 0], 1)
        return {
            "alpha": beta[1], "beta": beta[0], "second_beta": coefficients[2] if kind else None,
            "residual_sd": math.sqrt(variance), "observations": len(estimation),
            "degrees_of_freedom": freedom, "car": abnormal.sum(),
            "scar": abnormal.sum() / math.sqrt(covariance.sum()),
            "abnormal": abnormal, "standard_errors": np.sqrt(np.diag(covariance)), "errors": errors,
        }  # fmt: skip

    def place(self, symbol: str, day: date) -> int:
        days = DAYS if _exchange(symbol) == "XNYS" else HONG_KONG
        return next(at for at, session in enumerate(days) if session >= day)


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference(make_prices())


@pytest.fixture(scope="module")
def study(world: PriceWarehouse) -> pd.DataFrame:
    return world.frame(STUDY)


def _cases(study: pd.DataFrame) -> Iterator[Any]:
    rows = study[study["ticker"].isin(GOOD)]
    assert len(rows) == 11 * len(MODELS) * len(WINDOWS)
    return rows.itertuples()


def test_every_figure_equals_least_squares_by_matrices(study: pd.DataFrame, reference: Reference) -> None:
    for row in _cases(study):
        place = reference.place(row.ticker, row.session_date.date())
        expected = reference.fit(row.ticker, MODELS[row.model], place, (row.window_start, row.window_end))
        assert expected is not None and row.verdict != "not testable", row
        for name in ("alpha", "beta", "residual_sd", "car", "scar", "observations", "degrees_of_freedom"):
            assert getattr(row, name) == pytest.approx(expected[name], rel=1e-9, abs=1e-12), (name, row)
        if row.model == "market":
            assert math.isnan(row.second_beta)
        else:
            assert row.second_beta == pytest.approx(expected["second_beta"], rel=1e-9)
    assert (study.loc[study["ticker"] == "ALPHA", "observations"].isin([118])).any()


def test_abnormal_returns_and_their_errors_equal_the_reference(
    world: PriceWarehouse, reference: Reference
) -> None:
    rows = world.frame("select * from marts.fct_abnormal_returns where event_id = 'ALPHA-1' order by all")
    for model, kind in MODELS.items():
        found = rows[rows["model"] == model]
        expected = reference.fit("ALPHA", kind, EVENT, (-5, 5))
        assert expected is not None
        np.testing.assert_allclose(found["abnormal_return"], expected["abnormal"], rtol=1e-9, atol=1e-13)
        np.testing.assert_allclose(found["standard_error"], expected["standard_errors"], rtol=1e-9)
        np.testing.assert_allclose(
            found["cumulative_abnormal_return"], expected["abnormal"].cumsum(), rtol=1e-9, atol=1e-13
        )


def test_placebos_are_windows_back_to_back_with_estimates_of_their_own(
    study: pd.DataFrame, reference: Reference
) -> None:
    for row in _cases(study):
        if row.event_id not in ("ALPHA-1", "HKPEER-1"):
            continue
        window = (row.window_start, row.window_end)
        length = window[1] - window[0] + 1
        place = reference.place(row.ticker, row.session_date.date())
        scars = []
        for step in range(1, 501):
            centre = place - step * length
            if centre + window[0] < place - 500:
                break
            fitted = reference.fit(row.ticker, MODELS[row.model], centre, window)
            if fitted is not None:
                scars.append(abs(fitted["scar"]))
        assert row.placebo_n == len(scars)
        assert row.placebo_floor == pytest.approx(1 / (len(scars) + 1))
        larger = sum(scar >= abs(row.scar) for scar in scars)
        assert row.placebo_p == pytest.approx((larger + 1) / (len(scars) + 1))


def test_the_peers_on_the_same_event_are_ranked_apart(study: pd.DataFrame, reference: Reference) -> None:
    rows = study[(study["event_id"] == "ALPHA-1") & (study["model"] == "market")]
    for row in rows.itertuples():
        window = (row.window_start, row.window_end)
        sizes = []
        for peer in GOOD["ALPHA"][2]:
            fitted = reference.fit(peer, None, reference.place(peer, DAYS[EVENT]), window)
            assert fitted is not None
            sizes.append(abs(fitted["scar"]))
        larger = sum(size >= abs(row.scar) for size in sizes)
        assert (row.placebo_n_peers, row.placebo_p_peers) == (3, pytest.approx((larger + 1) / 4))


def test_the_verdict_follows_from_scar_and_placebos(study: pd.DataFrame) -> None:
    tested = study[study["verdict"] != "not testable"]
    is_large = tested["scar"].abs() > tested["critical_value"]
    is_rare = (tested["placebo_floor"] > 0.05) | (tested["placebo_p"] <= 0.05)
    assert ((tested["verdict"] == "distinguishable") == (is_large & is_rare)).all()
    jumped = tested[(tested["event_id"] == "ALPHA-1") & (tested["window_end"] == 1)]
    assert set(jumped["verdict"]) == {"distinguishable"}
    inside = (tested["car_lower"] > 0) | (tested["car_upper"] < 0)
    assert (inside == is_large).all()


def test_each_event_has_one_primary_row(study: pd.DataFrame) -> None:
    primary = study[study["is_primary"]]
    assert sorted(primary["event_id"]) == sorted(study["event_id"].unique())
    assert set(zip(primary["model"], primary["window_start"], primary["window_end"], strict=True)) == {
        ("market_peers", 0, 1)
    }


def test_a_story_of_one_event_is_judged_as_the_event(world: PriceWarehouse, study: pd.DataFrame) -> None:
    stories = world.frame("select * from marts.fct_story_verdicts where events_told = 1").set_index("story")
    alone = study[(study["window_start"] == 0) & (study["window_end"] == 1) & study["is_primary_listing"]]
    assert set(stories.index) == set(alone["event_id"]) - {"told-1", "told-2", "told-3"}
    for row in alone[alone["event_id"].isin(stories.index)].itertuples():
        story = stories.loc[row.event_id]
        assert story[f"verdict_{row.model}"] == row.verdict
        assert story[f"tests_{row.model}"] == (row.verdict != "not testable")
        if row.verdict != "not testable":
            told = story[f"car_{row.model}"], story[f"scar_{row.model}"], story[f"placebo_p_{row.model}"]
            assert told == (row.car, row.scar, row.placebo_p)
            assert story[f"p_adjusted_{row.model}"] == story[f"p_alone_{row.model}"] >= row.placebo_p
    counted = (stories["verdict"] != "not testable").sum() + 1  # and the story of three events
    assert set(stories["stories_tested"]) == {counted}
    assert stories["chance_expected"].iloc[0] == pytest.approx(0.05 * counted)
    assert stories.loc["IPO-1", "answer"].startswith("Not testable by market and peers (IPO has no peers")


def test_events_of_one_story_on_one_session_are_one_test_and_its_p_counts_the_tests(
    world: PriceWarehouse, study: pd.DataFrame
) -> None:
    """Three tell it, two of them on one session: two tests, and a confounder of both is told once."""
    (story,) = world.frame("select * from marts.fct_story_verdicts where story = 'told'").itertuples()
    assert list(story.events) == ["told-2", "told-1", "told-3"]
    assert (story.events_told, story.events_testable, story.tests) == (3, 3, 2)
    assert story.confounders == f"{DAYS[EVENT + 1]} x; y"
    rows = study[(study["ticker"] == "TOLD") & (study["window_start"] == 0) & (study["window_end"] == 1)]
    assert set(rows.loc[rows["event_id"] == "told-2", "verdict_reason"]) == {
        "one test with told-1: the same story on the same session"
    }
    for model in MODELS:
        tested = rows[(rows["model"] == model) & rows["car"].notna()].set_index("event_id")
        assert sorted(tested.index) == ["told-1", "told-3"]
        least = getattr(story, f"event_id_{model}")
        assert getattr(story, f"scar_{model}") == tested.loc[least, "scar"]
        assert getattr(story, f"p_alone_{model}") >= tested.loc[least, "placebo_p"]
        assert getattr(story, f"p_adjusted_{model}") == min(1, 2 * getattr(story, f"p_alone_{model}"))
    assert "for 2" in story.answer and story.answer.endswith(
        "1 other reason for a move in these sessions known."
    )


@pytest.mark.parametrize(("symbol", "reason"), BAD.items())
def test_bad_input_is_not_testable_and_says_why(study: pd.DataFrame, symbol: str, reason: str) -> None:
    """Each with the reason as the table BAD has it, and no figure that looks fine."""
    row = study[(study["ticker"] == symbol) & (study["model"] == "market") & (study["window_start"] == 0)
                & (study["window_end"] == 1)].iloc[0]  # fmt: skip
    assert (row["verdict"], row["verdict_reason"]) == ("not testable", reason)
    figures = ["alpha", "beta", "second_beta", "residual_sd", "car", "car_lower", "car_upper", "scar",
               "placebo_p", "placebo_n", "placebo_floor", "placebo_p_peers"]  # fmt: skip
    assert row[figures].isna().all()


def test_a_hong_kong_share_with_new_york_factors_is_not_testable_with_them(study: pd.DataFrame) -> None:
    verdicts = study[(study["ticker"] == "HKNY") & (study["window_start"] == 0) & (study["window_end"] == 0)]
    of = {row.model: (row.verdict, row.verdict_reason) for row in verdicts.itertuples()}
    says = "trades on XNYS, HKNY on XHKG: their sessions are not the same hours"
    assert of["market"][0] != "not testable"
    assert of["market_sector"] == ("not testable", f"NSECTOR {says}")
    assert of["market_peers"] == ("not testable", f"ALPHA {says}")


def test_a_second_factor_that_is_the_market_again_is_not_testable(study: pd.DataFrame) -> None:
    rows = study[(study["ticker"] == "TWIN") & (study["model"] == "market_sector")]
    assert set(rows["verdict_reason"]) == {
        "zero variance: the second factor does not move apart from the market"
    }
    peerless = study[(study["ticker"] == "TWIN") & (study["model"] == "market_peers")]
    assert set(peerless["verdict_reason"]) == {"TWIN has no peers in the seed companies"}


def test_a_split_that_the_adjusted_prices_know_changes_nothing(study: pd.DataFrame) -> None:
    """SPLITDONE has the returns of 0.9 markets and chance all through its split: they are what is found."""
    row = study[(study["ticker"] == "SPLITDONE") & (study["model"] == "market") & (study["window_start"] == 0)
                & (study["window_end"] == 1)].iloc[0]  # fmt: skip
    own, market = RETURNS["SPLITDONE"], RETURNS["NMARKET"]
    slope, intercept = np.polyfit(market[EVENT - 140 : EVENT - 20], own[EVENT - 140 : EVENT - 20], 1)
    car = (own - intercept - slope * market)[EVENT : EVENT + 2].sum()
    assert (row["beta"], row["car"]) == (pytest.approx(slope, rel=1e-9), pytest.approx(car, rel=1e-9))


def test_an_event_on_a_weekend_belongs_to_monday(study: pd.DataFrame) -> None:
    friday = DAYS[EVENT + 19]
    assert friday.weekday() == 4
    assert set(study.loc[study["event_id"] == "weekend", "session_date"].dt.date) == {friday + timedelta(3)}


def test_what_else_happened_stands_beside_the_result(study: pd.DataFrame) -> None:
    rows = study[(study["event_id"] == "ALPHA-1") & (study["model"] == "market")]
    of = {(row.window_start, row.window_end): row.confounders for row in rows.itertuples()}
    assert of[0, 0] == f"{DAYS[EVENT]} mine"
    assert of[0, 1] == f"{DAYS[EVENT]} mine; {DAYS[EVENT + 1]} ours (not verified)"
    weekend = study[(study["event_id"] == "weekend") & (study["window_start"] == -5)]
    assert weekend["other_events"].isna().all()


def test_pooled_statistics_equal_their_textbook_formulas(
    world: PriceWarehouse, study: pd.DataFrame, reference: Reference
) -> None:
    """Five companies of CN, two events each, forty sessions apart, and one more between: N = 11."""
    pooled = world.frame(
        "select * from marts.fct_event_study_pooled where country = 'CN' and model = 'market'"
    )
    assert len(pooled) == len(WINDOWS)
    for row in pooled.itertuples():
        window = (row.window_start, row.window_end)
        in_window = (study["window_start"] == window[0]) & (study["window_end"] == window[1])
        members = study[in_window & (study["country"] == "CN") & (study["model"] == "market")]
        scars, freedom = members["scar"].to_numpy(), members["degrees_of_freedom"].to_numpy()
        count = len(members)
        patell = scars.sum() / math.sqrt((freedom / (freedom - 2)).sum())
        bmp = scars.mean() * math.sqrt(count) / scars.std(ddof=1)
        correlation = _mean_correlation(members, reference, window)
        clustering = math.sqrt((1 - correlation) / (1 + (count - 1) * correlation))
        assert row.events == count == 11
        assert row.mean_car == pytest.approx(members["car"].mean(), rel=1e-9)
        assert row.patell_z == pytest.approx(patell, rel=1e-9)
        assert row.bmp_t == pytest.approx(bmp, rel=1e-9)
        assert row.mean_correlation == pytest.approx(correlation, rel=1e-8, abs=1e-12)
        assert row.kolari_pynnonen_t == pytest.approx(bmp * clustering, rel=1e-8)
        assert row.corrado_z == pytest.approx(_corrado(members, reference, window), rel=1e-8)


def _residuals(row: Any, reference: Reference) -> pd.Series:
    """Unit-length residuals of the estimation window by day."""
    place = reference.place(row.ticker, row.session_date.date())
    frame = pd.concat([reference.returns(row.ticker), *reference.factor(row.ticker, None)], axis=1)
    window = frame.iloc[place - 140 : place - 20].dropna()
    slope, intercept = np.polyfit(window.iloc[:, 1], window.iloc[:, 0], 1)
    errors = window.iloc[:, 0] - intercept - slope * window.iloc[:, 1]
    return errors / math.sqrt((errors**2).sum())


def _mean_correlation(members: pd.DataFrame, reference: Reference, window: tuple[int, int]) -> float:
    """Pair by pair: products of the residuals on common days × share of the windows that is the same days."""
    rows = list(members.itertuples())
    residuals = [_residuals(row, reference) for row in rows]
    total = 0.0
    for i, one in enumerate(rows):
        for j, other in enumerate(rows):
            if i == j:
                continue
            first, last = sorted([one, other], key=lambda r: (r.first_session_date, r.last_session_date))
            common = (first.last_session_date - last.first_session_date).days + 1
            spanned = (last.last_session_date - first.first_session_date).days + 1
            same = first.first_session_date == last.first_session_date
            if same and first.last_session_date == last.last_session_date:
                share = 1.0
            else:
                share = max(common, 0) / spanned
            total += share * float((residuals[i] * residuals[j]).sum())
    return total / (len(rows) * (len(rows) - 1))


def _corrado(members: pd.DataFrame, reference: Reference, window: tuple[int, int]) -> float:
    """Ranks among the estimation window and [-5,+5], by session relative to the event."""
    ranks: dict[int, list[float]] = {}
    for row in members.itertuples():
        place = reference.place(row.ticker, row.session_date.date())
        frame = pd.concat([reference.returns(row.ticker), *reference.factor(row.ticker, None)], axis=1)
        fitted = frame.iloc[place - 140 : place - 20].dropna()
        slope, intercept = np.polyfit(fitted.iloc[:, 1], fitted.iloc[:, 0], 1)
        taken = [*range(-140, -20), *range(-5, 6)]
        values = frame.iloc[[place + at for at in taken]]
        abnormal = pd.Series(
            (values.iloc[:, 0] - intercept - slope * values.iloc[:, 1]).to_numpy(), taken
        ).dropna()
        centred = abnormal.rank() / (len(abnormal) + 1) - 0.5
        for at, rank in centred.items():
            ranks.setdefault(int(str(at)), []).append(rank)
    scaled = {at: sum(of) / math.sqrt(len(of)) for at, of in ranks.items()}
    spread = math.sqrt(sum(value**2 for value in scaled.values()) / len(scaled))
    length = window[1] - window[0] + 1
    return sum(scaled[at] for at in range(window[0], window[1] + 1)) / math.sqrt(length) / spread


def test_excess_returns_are_of_the_same_session_or_missing(
    world: PriceWarehouse, reference: Reference
) -> None:
    rows = world.frame(
        "select * from marts.fct_ticker_returns_daily where symbol = 'ALPHA' order by session_date"
    )
    index = pd.Index([day.date() for day in rows["session_date"]])
    own = reference.returns("ALPHA")
    for column, kind in (("market", None), ("sector", "sector"), ("peers", "peers")):
        expected = (own - reference.factor("ALPHA", kind)[-1]).reindex(index).to_numpy()
        np.testing.assert_allclose(rows[f"excess_over_{column}"], expected, rtol=1e-9, atol=1e-14)
    assert rows["excess_over_market"].isna().sum() == 2  # the first session and the one after the hole


def test_a_result_names_its_vintages_and_is_the_same_again_on_them(
    world: PriceWarehouse, study: pd.DataFrame, tmp_path: Path
) -> None:
    """A dividend lowers ALPHA's past by 2 % and one close is corrected: vintage 2, fetched a month later."""
    copy = world.copied_to(tmp_path)
    restated = make_prices()
    restated = restated[restated["symbol"] == "ALPHA"].copy()
    restated.loc[restated["session_date"] < DAYS[EVENT - 50], "adj_close"] *= 0.98
    restated.loc[restated["session_date"] == DAYS[EVENT], "adj_close"] *= 1.01
    copy.add_prices(restated, vintage=2, fetched_at=datetime(2026, 2, 1))
    copy.build_market()
    newer = copy.frame(STUDY)
    copy.dbt("run", "--select", *MARKET_MODELS, "--vars", "{prices_as_of: '2026-01-31'}")
    again = copy.frame(STUDY)

    def alpha(frame: pd.DataFrame) -> pd.DataFrame:
        return frame[(frame["event_id"] == "ALPHA-1") & (frame["model"] == "market")].reset_index(drop=True)

    assert set(alpha(study)["price_vintage"]) == {"ALPHA 1, NMARKET 1"}
    assert set(alpha(newer)["price_vintage"]) == {"ALPHA 2, NMARKET 1"}
    assert (abs(alpha(newer)["car"] - alpha(study)["car"]) > 1e-4).any()
    pd.testing.assert_frame_equal(again, study, rtol=1e-9, atol=1e-12)
    was = copy.execute(
        "select count(*), min(ratio), max(ratio), any_value(vintage) from marts.fct_price_restatements"
    )
    before = sum(day < DAYS[EVENT - 50] for day in restated["session_date"])
    assert was == [(before + 1, pytest.approx(0.98), pytest.approx(1.01), 2)]
