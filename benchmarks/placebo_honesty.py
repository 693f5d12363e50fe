"""Budget: the event study calls chance an effect in 5 of 100 cases, and finds three standard errors.
Of stories of three events it calls no more, however often they are tested.

Belongs here: simulated prices in which nothing, or something known, happened, through the SQL models.
Does not belong here: whether the formulas are right on given prices (tests/sql/test_event_study.py).
"""

import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.measured import verdict
from benchmarks.price_warehouse import PriceWarehouse, prices_of, weekdays
from tests.worlds.warehouse import Template

SEED = 20260113
LEVEL, SLACK, POWER = 0.05, 0.02, 0.80
FIRST = date(2015, 1, 5)
BEFORE = 650  # 500 sessions of placebos and the estimation window of the first of them
DAILY_SD = 0.015
STANDARD_ERRORS = 3.0
# the SCAR's denominator for [0,+1], but for where the factors stood on the two days
STANDARD_ERROR = DAILY_SD * np.sqrt(2 + 4 / 120)
MODELS = ("market", "market_sector", "market_peers")
EVENTS = 1_000  # with and without an effect each, and groups of simultaneous ones
QUIET_EVENTS, QUIET_STEP = 25, 22  # of a share
# an effect must not lie in another event's estimation window, so these are few per share
MOVED_EVENTS, MOVED_STEP = 8, 142
STORY_EVENTS = 3  # on sessions that follow each other, as the founding story's: their windows overlap
STORY_SLACK = 0.02  # above the level; below it is no fault, the tests overlap and Holm does not know
SHARES_PER_COUNTRY, KINDS, SHARED_VARIANCE = 8, 10, 0.3


@dataclass(frozen=True)
class Single:
    """Shares of events called distinguishable, by model, window [0,+1]."""

    events: int
    without_effect: dict[str, float]
    with_effect: dict[str, float]


@dataclass(frozen=True)
class Stories:
    """Shares of stories called distinguishable, by model: none has an effect, or one of its events has."""

    stories: int
    without_effect: dict[str, float]
    by_one_event_alone: dict[str, float]  # without an effect, and without counting the tests
    with_effect: dict[str, float]


@dataclass(frozen=True)
class Pooled:
    """Shares of groups of simultaneous events called distinguishable without an effect, by test."""

    groups: int
    mean_correlation: float
    rejected: dict[str, float]


def simulate_single(folder: Path, template: Template | None = None, size: int = EVENTS) -> Single:
    """Events without an effect and as many with one of three standard errors, each with placebos."""
    warehouse = _quiet_and_moved(folder, template, size)
    called = warehouse.frame(
        "select ticker[:5] as world, model, count(*) as events, "
        "avg(case when verdict = 'distinguishable' then 1.0 else 0.0 end) as share "
        "from marts.fct_event_study group by all"
    )
    shares = {world: dict(zip(of.model, of.share, strict=True)) for world, of in called.groupby("world")}
    return Single(int(called["events"].min()), shares["QUIET"], shares["MOVED"])


def simulate_stories(folder: Path, template: Template | None = None, size: int = EVENTS) -> Stories:
    """The same, each told on three sessions that follow each other; the effect is the first one's."""
    found = _quiet_and_moved(folder, template, size, STORY_EVENTS).frame(
        "select * from marts.fct_story_verdicts where events_testable = 3 and tests = 3"
    )
    quiet, moved = (found[found["ticker"].str.startswith(world)] for world in ("QUIET", "MOVED"))

    def called(stories: pd.DataFrame) -> dict[str, float]:
        return {model: float((stories[f"verdict_{model}"] == "distinguishable").mean()) for model in MODELS}

    alone = {model: float((quiet[f"p_alone_{model}"] <= LEVEL).mean()) for model in MODELS}
    return Stories(min(len(quiet), len(moved)), called(quiet), alone, called(moved))


def _quiet_and_moved(
    folder: Path, template: Template | None, size: int, times_told: int = 1
) -> PriceWarehouse:
    """Shares QUIET… and MOVED…, with `size` stories each, and the study of them."""
    chance = np.random.default_rng(SEED)
    length = BEFORE + max(QUIET_EVENTS * QUIET_STEP, MOVED_EVENTS * MOVED_STEP) + 10
    days = weekdays(FIRST, length)
    market = chance.normal(0.0003, 0.01, length)
    sector = 0.8 * market + chance.normal(0, 0.008, length)
    peers = {name: 1.1 * market + chance.normal(0, 0.012, length) for name in ("P1", "P2")}
    returns = {"MARKET": market, "SECTOR": sector, **peers}
    warehouse = _new_warehouse(folder, template, days)
    companies, events = [], []
    quiet_shares, moved_shares = size // QUIET_EVENTS, size // MOVED_EVENTS
    for number in range(quiet_shares + moved_shares):
        is_moved = number >= quiet_shares
        symbol = f"{'MOVED' if is_moved else 'QUIET'}{number}"
        beta, second = chance.uniform(0.5, 1.5), chance.uniform(0, 0.8)
        own = beta * market + second * (sector - 0.8 * market) + chance.normal(0, DAILY_SD, length)
        step, count = (MOVED_STEP, MOVED_EVENTS) if is_moved else (QUIET_STEP, QUIET_EVENTS)
        for place in range(BEFORE, BEFORE + step * count, step):
            own[place] += STANDARD_ERRORS * STANDARD_ERROR * is_moved
            story = f"{symbol}-{place}"
            events += [
                {**_event(f"{story}-{told}", symbol, days[place + told]), "story": story}
                for told in range(times_told)
            ]
        returns[symbol] = own
        companies.append(_company(symbol, "US", sector_symbol="SECTOR", peers="P1 P2"))
    companies += [_company(name, "US") for name in peers]
    companies += [{"symbol": name, "kind": "fund", "exchange": "XNYS"} for name in ("MARKET", "SECTOR")]
    warehouse.insert_frame("seeds.companies", pd.DataFrame(companies))
    warehouse.insert_frame("seeds.headline_events", pd.DataFrame(events))
    warehouse.add_prices(prices_of(returns, days))
    warehouse.build_market()
    return warehouse


def simulate_pooled(folder: Path, template: Template | None = None, size: int = EVENTS) -> Pooled:
    """Groups of eight shares of a country, all hit on one session by nothing, moving together."""
    chance = np.random.default_rng(SEED)
    step, before = 22, 170
    length = before + step * KINDS + 10
    days = weekdays(FIRST, length)
    market = chance.normal(0.0003, 0.01, length)
    returns = {"MARKET": market}
    warehouse = _new_warehouse(folder, template, days)
    # placebos have no part in the pooled tests
    warehouse.execute(
        "update seeds.event_study_thresholds set value = 20 where threshold = 'placebo_sessions'"
    )
    kinds = [f"kind{number}" for number in range(KINDS)]
    warehouse.insert_rows(
        "seeds.event_kinds", [{"kind": kind, "event_group": kind, "is_decisive": True} for kind in kinds]
    )
    companies: list[dict[str, object]] = [{"symbol": "MARKET", "kind": "fund", "exchange": "XNYS"}]
    events = []
    for country in range(size // KINDS):
        shared = chance.normal(0, np.sqrt(SHARED_VARIANCE), length)
        for number in range(SHARES_PER_COUNTRY):
            symbol = f"C{country}S{number}"
            own = chance.normal(0, np.sqrt(1 - SHARED_VARIANCE), length)
            spread = chance.uniform(0.008, 0.03)
            returns[symbol] = chance.uniform(0.5, 1.5) * market + spread * (shared + own)
            companies.append(_company(symbol, f"C{country}"))
            events += [
                _event(f"{symbol}-{kind}", symbol, days[before + step * place], kind=kind)
                for place, kind in enumerate(kinds)
            ]
    warehouse.insert_frame("seeds.companies", pd.DataFrame(companies))
    warehouse.insert_frame("seeds.headline_events", pd.DataFrame(events))
    warehouse.add_prices(prices_of(returns, days))
    warehouse.build_market()
    pooled = warehouse.frame(
        "select * from marts.fct_event_study_pooled where country <> 'all' and model = 'market'"
    )
    tests = ("patell", "bmp", "kolari_pynnonen", "corrado")
    rejected = {test: float((pooled[f"{test}_p"] <= LEVEL).mean()) for test in tests}
    return Pooled(len(pooled), float(pooled["mean_correlation"].mean()), rejected)


def main() -> bool:
    """Print the figures; true if the budget is kept."""
    with tempfile.TemporaryDirectory() as folder:
        template = Template(Path(folder))
        single = simulate_single(Path(folder) / "single", template)
        stories = simulate_stories(Path(folder) / "stories", template)
        pooled = simulate_pooled(Path(folder) / "pooled", template)
    print(f"event study, window [0,+1], {single.events:,} simulated events a row")
    for model, share in single.without_effect.items():
        found = single.with_effect[model]
        print(f"  {model:<14} without effect {share:6.1%}, three standard errors {found:6.1%}")
    print(f"  {stories.stories:,} stories of {STORY_EVENTS} events a row, of which one moved or none")
    for model, share in stories.without_effect.items():
        print(
            f"  {model:<14} without effect {share:6.1%}, by one event alone "
            f"{stories.by_one_event_alone[model]:6.1%}, three standard errors "
            f"{stories.with_effect[model]:6.1%}"
        )
    print(
        f"  {pooled.groups:,} groups of {SHARES_PER_COUNTRY} events on one session, correlated at "
        f"{pooled.mean_correlation:.2f}: "
        + ", ".join(f"{test} {share:.1%}" for test, share in pooled.rejected.items())
    )
    honest = [abs(share - LEVEL) <= SLACK for share in single.without_effect.values()]
    strong = [share >= POWER for share in single.with_effect.values()]
    kept = [
        verdict(f"single events: {LEVEL:.0%} ± {SLACK:.0%} without effect, under every model", all(honest)),
        verdict(f"single events: at least {POWER:.0%} of the effects found", all(strong)),
        verdict(
            f"stories of {STORY_EVENTS} events: at most {LEVEL + STORY_SLACK:.0%} without effect",
            max(stories.without_effect.values()) <= LEVEL + STORY_SLACK,
        ),
        verdict(
            f"clustered events (Kolari-Pynnönen): {LEVEL:.0%} ± {SLACK:.0%} without effect",
            abs(pooled.rejected["kolari_pynnonen"] - LEVEL) <= SLACK,
        ),
    ]
    return all(kept)


def _new_warehouse(folder: Path, template: Template | None, days: list[date]) -> PriceWarehouse:
    warehouse = PriceWarehouse(folder, template)
    warehouse.add_sessions("XNYS", days)
    warehouse.execute("delete from seeds.event_windows where not is_primary")
    return warehouse


def _company(symbol: str, country: str, **columns: str) -> dict[str, object]:
    row = {"symbol": symbol, "company": symbol, "kind": "company", "exchange": "XNYS", "country": country}
    return {**row, "market_symbol": "MARKET", "is_primary_listing": True, **columns}


def _event(event_id: str, company: str, day: date, kind: str = "headline") -> dict[str, object]:
    row = {"event_id": event_id, "kind": kind, "company": company, "event_date": day, "event_time": "12:00"}
    return {**row, "time_zone": "UTC", "claim": "nothing", "source": "simulated"}
