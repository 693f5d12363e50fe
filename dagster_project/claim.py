"""`make claim`: a newspaper's sentence, checked.

Belongs here: which days of the archive and which prices a claim needs, fetching them, and the page.
Does not belong here: what the page says (lib/claim/page.py), and how days and prices are fetched and stored.

A claim has a data home of its own, so that days of the archive never stand among somebody's own snapshots; it
is kept, and the next check of the same claim fetches only what is missing.
"""

import csv
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path

from dagster_project.lib.archive.backfill import FIRST_DAY, backfill
from dagster_project.lib.archive.client import open_archive
from dagster_project.lib.claim.known import typed, write_claim, write_list
from dagster_project.lib.claim.page import FOUNDING, Claim, ClaimError, claimed_milestone, write_page
from dagster_project.lib.files import write_whole
from dagster_project.lib.hub import crawl as hub
from dagster_project.lib.markets.yahoo import snapshot_prices
from dagster_project.lib.restore.rebuild import up_to_date
from dagster_project.lib.seeds.files import Row
from dagster_project.lib.seeds.tables import (
    COMPANIES,
    FAMILIES,
    HEADLINE_EVENTS,
    PUBLISHED_CLAIMS,
    read_seed,
)
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import exclusive, reading
from dagster_project.runs import dagster_instance, execute_job, publish_what_is_loaded

# days from the claim: half a year of what came before, and a week after it
COARSE = (-280, -140, -70, -28, -7, 7)
AROUND = (-7, 0, 7)  # days from each end of a published claim's period
FINE = 4  # days that narrow the crossing once the coarse ones have found it
NEAR = 3  # days away from the wanted one at which a revision stands in for it
NEWS = timedelta(days=7)  # a headline of the seed this near is the claim's


def run_claim(text: str, is_demo: bool) -> None:
    """Fetch what the claim needs, build, publish, and print the page; it is kept as published/claim.txt.

    "list" shows every published claim with what the newest publication of the data home says, and fetches
    nothing; the id of one checks it; "family company date" checks a story with its share.
    Raises ClaimError for a claim that cannot be read or checked, and what fetching raises. What was fetched
    stays; the same command goes on there, and narrows the crossing further.
    """
    with _world(is_demo) as asked:
        known = {str(row["claim"]): row for row in read_seed(PUBLISHED_CLAIMS, asked)}
        if text == "list":
            published = asked.published / "modeltide.duckdb"
            print(
                write_list(published if published.exists() else None, [typed(one) for one in known.values()])
            )
        elif text in known:
            _check_known(known[text], asked)
        else:
            _check_story(_parsed(text, known), asked)


def _parsed(text: str, known: Iterable[str]) -> Claim:
    if text and " " not in text.strip():
        near = get_close_matches(text.strip(), known, n=3, cutoff=0.5)
        raise ClaimError(
            f"CLAIM is {text!r}, which is no published claim that is known"
            + (f"; near it: {', '.join(near)}" if near else "")
            + ". CLAIM=list shows them; also allowed: "
            + '"family company date" such as "qwen Alibaba 2026-01-13".'
        )
    return Claim.parse(text) if text else FOUNDING


def _check_known(row: Row, asked: Settings) -> None:
    """A published claim by its id: the days of the archive around both ends of its period."""
    settings = replace(asked, home=asked.home / "claims" / str(row["claim"]))
    claim = typed(row)
    ends = [claim["window_end"]] + ([claim["window_start"] - timedelta(1)] if claim["window_start"] else [])
    # a snapshot tells of the day before it
    wanted = [end + timedelta(days=1 + offset) for end in ends if end for offset in AROUND]
    with exclusive(settings), dagster_instance(settings) as instance:
        _fetch_days(settings, _archived(settings, wanted, str(row["claim"])))
        publish_what_is_loaded(settings, instance)
    _keep(settings, write_claim(settings.published / "modeltide.duckdb", claim))


def _check_story(claim: Claim, asked: Settings) -> None:
    """A story: the crossing, narrowed down by days of the archive, and the share."""
    check_names(claim, asked)
    settings = own_home(asked, claim)
    with exclusive(settings), dagster_instance(settings) as instance:
        _fetch_prices(settings, claim)
        _fetch_days(settings, _coarse_days(settings, claim))
        execute_job("build_milestones", instance, None, settings)  # a third of a whole build
        _fetch_days(settings, _fine_days(settings, claim))
        publish_what_is_loaded(settings, instance)
    _keep(settings, write_page(settings.published / "modeltide.duckdb", claim))


def _keep(settings: Settings, page: str) -> None:
    target = settings.published / "claim.txt"
    write_whole(target, page.encode())
    print(f"\n{page}\nKept as {target}; the figures are in {settings.published / 'modeltide.duckdb'}.")


def check_names(claim: Claim, settings: Settings) -> None:
    """Raises ClaimError for a family or company that no seed knows, with the names that come near."""
    families = read_seed(FAMILIES, settings)
    listed = read_seed(COMPANIES, settings)
    known = {
        "family": {row["family"] for row in families},
        "company": {row["company"] for row in (*families, *listed)} - {None},
    }
    for what, name in (("family", claim.family), ("company", claim.company)):
        names = sorted(str(one) for one in known[what])
        if name not in names:
            near = get_close_matches(name, names, n=3, cutoff=0.5)
            raise ClaimError(
                f"CLAIM names the {what} {name!r}, which no seed knows"
                + (f"; near it: {', '.join(near)}" if near else "")
                + ". sql/seeds/families.csv and companies.csv list them; MODELTIDE_SEEDS adds your own."
            )


def needed_symbols(companies: list[Row], company: str) -> list[Row]:
    """Rows of the shares of a company, of their peers, and of the factors of both."""
    rows = {str(row["symbol"]): row for row in companies}

    def factors(row: Row) -> list[str]:
        return [*(row["peers"] or "").split(), *filter(None, (row["market_symbol"], row["sector_symbol"]))]

    wanted = [str(row["symbol"]) for row in companies if row["company"] == company]
    for _ in range(2):  # the placebo among the peers needs the peers' factors too
        wanted += [symbol for one in wanted for symbol in factors(rows[one])]
    return [rows[symbol] for symbol in dict.fromkeys(wanted) if symbol in rows]


def nearest(days: Iterable[date], wanted: date) -> date | None:
    """The day of `days` that is nearest to the wanted one, at most NEAR days away."""
    near = [day for day in days if abs((day - wanted).days) <= NEAR]
    return min(near, key=lambda day: (abs((day - wanted).days), day), default=None)


def halving_days(intervals: Iterable[tuple[date, date]], days: Iterable[date], number: int) -> list[date]:
    """At most `number` of `days` that cut the widest of the intervals in half, again and again."""
    available = sorted(set(days))
    open_ = sorted(set(intervals))
    chosen: list[date] = []
    while open_ and len(chosen) < number:
        widest = max(open_, key=lambda interval: interval[1] - interval[0])
        open_.remove(widest)
        middle = widest[0] + (widest[1] - widest[0]) / 2
        inside = [day for day in available if widest[0] < day < widest[1]]
        if inside:
            cut = min(inside, key=lambda day: (abs(day - middle), day))
            chosen.append(cut)
            open_ += pairwise((widest[0], cut, widest[1]))
    return sorted(chosen)


def _coarse_days(settings: Settings, claim: Claim) -> list[date]:
    return _archived(settings, [claim.day + timedelta(days=offset) for offset in COARSE], str(claim.day))


def _archived(settings: Settings, wanted: list[date], what: str) -> list[date]:
    """Days of the archive next to the wanted ones."""
    archive = open_archive(settings)
    found = {nearest(archive.revisions, day) for day in wanted if day >= FIRST_DAY} - {None}
    days = sorted(day for day in found if day is not None)
    if not days:
        raise ClaimError(
            f"The archive {archive.name} has no day around {what}: it begins on {FIRST_DAY}, and the "
            f"Hub's day is {archive.asked_at.date()}. Choose a day between."
        )
    return days


def _fine_days(settings: Settings, claim: Claim) -> list[date]:
    with reading(settings.warehouse) as connection:
        connection.execute("set search_path = 'marts,seeds'")
        milestone = claimed_milestone(connection, claim)
        # a snapshot tells of the day before it
        crossings = connection.execute(
            "select reached_after + 1, reached_by + 1 from fct_family_milestones "
            "where family = ? and milestone = ? and reached_after is not null",
            [claim.family, milestone],
        ).fetchall()
    return halving_days(crossings, open_archive(settings).revisions, FINE)


def _fetch_days(settings: Settings, days: list[date]) -> None:
    if not days:
        return
    with up_to_date(settings) as connection:
        backfill(connection, settings, days)


def _fetch_prices(settings: Settings, claim: Claim) -> None:
    companies = needed_symbols(read_seed(COMPANIES, settings), claim.company)
    if not companies:
        _say(f"{claim.company} has no share in the seed companies: no prices to fetch.")
        return
    present = hub.probe(settings)
    _say(f"Prices of {len(companies)} symbols: {claim.company}, its peers, and what explains both")
    with up_to_date(settings) as connection:
        snapshot_prices(connection, settings, companies, present.day, present.now)


def own_home(settings: Settings, claim: Claim) -> Settings:
    """The settings of the claim's data home; with an event of its own if no headline is known."""
    home = settings.home / "claims" / f"{claim.family}-{claim.day}"
    events = read_seed(HEADLINE_EVENTS, settings)
    known = any(
        row["company"] == claim.company
        and abs(date.fromisoformat(str(row["event_date"])) - claim.day) <= NEWS
        for row in events
    )
    if known:
        return replace(settings, home=home)
    seeds = home / "seeds"
    shutil.rmtree(seeds, ignore_errors=True)
    if settings.seeds_folder:
        shutil.copytree(settings.seeds_folder, seeds)
    event: Row = {
        "event_id": claim.event_id,
        "kind": "headline",
        "company": claim.company,
        "event_date": claim.day.isoformat(),
        "event_time": None,
        "time_zone": "UTC",
        "claim": f"The story of {claim.family} told on {claim.day}",
        "source": "the CLAIM that was asked for; hour not known",
    }
    _write_events(seeds / HEADLINE_EVENTS.file_name, [*events, event])
    return replace(settings, home=home, seeds_folder=seeds)


def _write_events(path: Path, rows: list[Row]) -> None:
    """The rows as the user's seed file, so that they are all of them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, HEADLINE_EVENTS.column_names)
        writer.writeheader()
        writer.writerows(rows)


@contextmanager
def _world(is_demo: bool) -> Iterator[Settings]:
    """The real sources, or the embedded ones on the last day of the demo."""
    if not is_demo:
        yield Settings.from_environment()
        return
    from dagster_project.demo import LAST_DAY, MODELS, QUOTA, simulated  # of no use to the others
    from dagster_project.synthetic.server import Upstream

    now = datetime(LAST_DAY.year, LAST_DAY.month, LAST_DAY.day, 6, tzinfo=UTC)
    with Upstream(models=MODELS, now=now, quota=QUOTA) as upstream:
        yield simulated(upstream)


def _say(text: str) -> None:
    print(text, flush=True)
