"""The report of a published file: what it says, what it says when there is nothing to say, and the file.

Belongs here: sections against a publication made by hand, failures, and the asset.
Does not belong here: what a browser does with the page (tests/browser).
"""

import json
import re
import shutil
from html import unescape
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from dagster_project.defs.report import EVERY_SECTION_WAS_MADE, REPORT
from dagster_project.defs.report import report as report_asset
from dagster_project.lib.report import make
from dagster_project.lib.report.make import QUERIES, SECTIONS, ReportError, make_report
from dagster_project.lib.report.sections import Section
from dagster_project.lib.settings import Settings
from dagster_project.synthetic.catalogue import HOSTILE
from tests.report.publication import change, write_publication

MEGABYTE = 1_000_000


def only(*keys: str) -> list[Section]:
    """Some of the sections: a second less for each that a test does not look at."""
    return [section for section in SECTIONS if section.key in keys]


def read(path: Path) -> str:
    """The page as a reader reads it: entities decoded, no-break spaces plain."""
    return unescape(path.read_text()).replace("\N{NO-BREAK SPACE}", " ")


def page(settings: Settings, *keys: str) -> str:
    return read(make_report(settings, only(*keys) if keys else SECTIONS).path)


@pytest.fixture(scope="module")
def full(scripts: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of a publication that has everything."""
    home = tmp_path_factory.mktemp("full")
    shutil.copytree(scripts, home / "cache")
    write_publication(home)
    return page(Settings(home=home))


def title(text: str, section: str) -> str:
    found = re.search(rf'<section id="{section}".*?<h2[^>]*>(.*?)</h2>', text, re.DOTALL)
    assert found
    return found[1]


def detail(text: str, section: str) -> str:
    found = re.search(rf'<section id="{section}".*?<p class="detail"[^>]*>(.*?)</p>', text, re.DOTALL)
    assert found
    return found[1]


def reason(text: str, section: str) -> str:
    found = re.search(
        rf'<section id="{section}".*?<p class="reason" role="status">(.*?)</p>', text, re.DOTALL
    )
    assert found, f"{section} gives no reason"
    return found[1]


def spec_rows(text: str, section: str) -> list[dict[str, Any]]:
    """The rows of a section's charts, as the page has them."""
    data = json.loads(text.split('id="data">')[1].partition("</script>")[0])
    tables = [unpacked(table) for spec in data[section]["specs"] for table in spec["datasets"].values()]
    return [row for table in tables for row in table if "t" in row]


def unpacked(columns: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of the columns in a page, as its script makes them."""
    values = [
        [all_["texts"][ord(letter) - ord("A")] for letter in all_["at"]] if isinstance(all_, dict) else all_
        for all_ in columns.values()
    ]
    return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]


# -- findings -------------------------------------------------------------------------------------


def test_every_section_of_a_full_publication_is_drawn(home: Settings) -> None:
    write_publication(home.home)
    made = make_report(home)
    assert (made.failed, made.empty) == ({}, {})
    assert list(made.drawn) == [section.key for section in SECTIONS]


def test_titles_state_what_was_found_with_figures_and_units(full: str) -> None:
    """By hand: lineage of Qwen 750 M, curated 0.7 × 750 M; shares as written; BABA +5.2 % distinguishable."""
    assert title(full, "claim") == "Qwen has 525 to 750 million downloads, depending on who counts"
    assert "Most downloaded by lineage: Qwen 750 million, Mistral 375 million" in title(full, "families")
    assert title(full, "growth").endswith("of the 3 most downloaded families: +10.0 % over 7 days")
    assert title(full, "reuse").endswith(
        " of the 3 most downloaded families; Qwen has 30.0 % of the listed downloads, 28.0 % without suspect "
        "relations, which 20.0 % of its own carry"
    )
    assert title(full, "openness") == (
        "58.4 % of downloads in 30 days go to OSI-licensed models, and 50.4 % without Mistral, 84.0 % of "
        "whose downloads carry a suspect relation"
    )
    assert detail(full, "openness") == (
        "Without suspect relations it is 56.4 %. It is 0.0 points more than 28 days before. The licence or "
        "access of 9.3 % is unknown."
    )
    assert title(full, "countries") == (
        "The United States has 50.0 % of downloads in 30 days, and 42.0 % without Mistral, 84.0 % of whose "
        "downloads carry a suspect relation"
    )
    assert detail(full, "countries") == (
        "Without suspect relations it is 48.0 %. China has 25.0 %, Europe has 10.0 % and of 10.0 % the "
        "country is unknown. By country of the publisher."
    )
    assert title(full, "channels") == (
        "Open models have 31.0 % of tokens, 140 on the index of installs against closed ones and 40.0 % of "
        "new API models"
    )
    assert "open share of tokens, 7 days: 31.0 % (26.0 to 36.0 %)" in full
    assert title(full, "price").startswith("From 100 on ")
    assert title(full, "reaction") == (
        "In 1 of 18 stories the share moved by more than its market and peers explain, where chance alone "
        "gives 0.9"
    )
    assert title(full, "days") == (
        "4 of 56 captured days cannot be trusted (4 frozen), the last of them 22 February 2026; 4 days were "
        "not captured"
    )


def test_the_claim_says_when_each_definition_passed_it(full: str) -> None:
    """Organisation was above it on the first day; the curated list never passed it."""
    assert "A newspaper on 13 January 2026 said at least 700 million." in full
    assert "lineage and lineage without test repositories passed it on 4 February 2026" in full
    assert "organisation passed it by 4 February 2026, our first day" in full
    assert "curated list did not reach it." in full


def test_a_claim_between_two_milestones_is_compared_with_the_newest_count(home: Settings) -> None:
    """560 M has no milestone: lineage (750 M) and organisation (675 M) are above it, curated (525 M) not."""
    change(write_publication(home.home), "update published_claims set value = 560000000")
    text = page(home, "claim")
    assert "lineage, lineage without test repositories and organisation passed it; curated list did" in text


def test_the_newest_day_is_told_in_words(full: str) -> None:
    """Yesterday had one model less; model-9 came from rank 40 to 3; one gating changed."""
    assert (
        title(full, "changes")
        == "1.00 million downloads on 25 February 2026, +0.0 % against 24 February 2026"
    )
    assert "1,000 models are listed, 5 more than before." in full
    assert (
        "Climbed most into or within the first 100 by downloads in 30 days: maker/model-9 from rank 40 to 3."
        in full
    )
    assert (
        "The gating changed for 1 model; the most downloaded of them is maker/gated (false → manual)." in full
    )


def test_the_verdict_stands_in_words_beside_its_chart_with_what_else_happened(full: str) -> None:
    assert "BABA, 13 January 2026: A newspaper: 700 million. In a sentence: distinguishable." in full
    assert re.search(r"<td[^>]*>0.060</td>", full)
    assert "Also then: MIIT plan (2026-01-12)." in full
    assert "Headlines, China: not distinguishable, +1.0 % on average of 6 events, p 0.20." in full
    assert "12 January 2026, Alibaba: MIIT plan (source: https://example.org/m; not verified)." in full


def test_events_of_one_country_are_told_once_and_news_about_several_companies_too(home: Settings) -> None:
    path = write_publication(home.home)
    change(
        path,
        "insert into fct_event_study_pooled select * replace ('all' as country) from fct_event_study_pooled",
    )
    change(
        path,
        "insert into dim_confounders select * replace ('JD.com' as affected_company) from dim_confounders",
    )
    text = page(home, "reaction")
    assert (text.count("Headlines, China"), text.count("Headlines, all countries")) == (1, 0)
    assert "12 January 2026, Alibaba and JD.com: MIIT plan" in text


def test_labels_of_events_have_their_year(full: str) -> None:
    assert "BABA, 13 Jan 2026" in full.replace(r"\u00a0", " ")


def test_what_the_title_of_the_reaction_counts_is_drawn(home: Settings) -> None:
    """30 quiet stories come first; the last is the one that is distinguishable."""
    path = write_publication(home.home)
    change(path, "delete from dim_events where event_id = 'release-meta'")
    change(path, "update fct_story_verdicts set stories_tested = 31, chance_expected = 1.55")
    for n in range(30):
        change(
            path,
            "insert into dim_events values (?, 'headline', true, date '2026-01-20', 'Meta', 'Quiet', 'x')",
            f"quiet-{n}",
        )
        change(
            path,
            "insert into fct_story_verdicts select * replace ($1 as story, $1 as event_id_market_peers) "
            "from fct_story_verdicts where story = 'story of release-meta'",
            f"quiet-{n}",
        )
    change(path, "update dim_events set is_decisive = false where event_id = 'qwen-700m'")
    text = page(home, "reaction")
    assert title(text, "reaction").startswith("In 1 of 31 stories")
    assert len(re.findall(r"<option ", text)) == 24
    assert "BABA, 13 January 2026: A newspaper" in text.split("<option ")[-1]


def test_each_section_has_its_day_provenance_definition_and_sql(full: str) -> None:
    for section in SECTIONS:
        part = full.split(f'<section id="{section.key}"')[1].split("</section>", maxsplit=1)[0]
        assert re.search(r"(Data up to|Publication of) \d+ \w+ 2026,\s+live\.\s+Source: ", part), section.key
        for table in section.tables:
            assert f'<a href="metrics.html#{table}">' in part
        for query in section.queries:
            assert (QUERIES / f"{query}.sql").read_text() in part
    assert "Every day: can it be trusted?" in full
    assert "How the day is judged" in full


def test_the_definitions_are_a_page_beside_the_report(home: Settings) -> None:
    write_publication(home.home)
    make_report(home, only("days"))
    text = (home.published / "metrics.html").read_text()
    for section in SECTIONS:
        for table in section.tables:
            assert text.count(f'<h2 id="{table}">{table}</h2>') == 1
    assert "<td><code>usable</code></td>" in text
    assert "<script" not in text


def test_the_sql_that_is_shown_is_the_sql_that_ran(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = []
    ask = make.ask

    def listen(connection: duckdb.DuckDBPyConnection, sql: str, *values: object) -> list[dict[str, object]]:
        ran.append(sql)
        return ask(connection, sql, *values)

    monkeypatch.setattr(make, "ask", listen)
    write_publication(home.home)
    text = page(home)
    shown = re.findall(r"<pre><code>(.*?)</code></pre>", text, re.DOTALL)
    assert len(shown) == sum(len(section.queries) for section in SECTIONS)
    assert set(shown) <= set(ran)


def test_sources_are_cited_as_they_ask(full: str) -> None:
    assert "Source: OpenRouter (openrouter.ai/rankings), as of 2026-02-26." in full
    assert "Source: tokens, as of 2026-02-26. CC BY 4.0" in full  # under the chart of the channel
    assert "Yahoo Finance. Personal and research use; do not redistribute" in full


def test_a_channel_says_little_of_little(home: Settings) -> None:
    """2 of 4 models are no 50.0 %, an interval without width is none, and a licence is said once."""
    path = write_publication(home.home)
    change(
        path,
        "update fct_open_vs_closed_daily set value = 0.5, lower_bound = 0.5, upper_bound = 0.5, "
        "open_value = 2, closed_value = 2, source = 'Source: models.dev (MIT).' where channel = 'catalogue'",
    )
    change(
        path,
        "update fct_open_vs_closed_daily set lower_bound = value, upper_bound = value "
        "where channel = 'tokens'",
    )
    text = page(home, "channels")
    assert "2 of 4 new API models" in title(text, "channels")
    assert "31.0 % of tokens," in title(text, "channels")
    assert "open share of tokens, 7 days: 31.0 %</" in text
    assert "Source: models.dev (MIT).</p>" in text


def test_a_band_of_nearly_everything_is_said_and_not_drawn(home: Settings) -> None:
    """Of the first 20 of 60 days nothing is known: 0 to 96 %. The catalogue is never better known."""
    vague = "update fct_open_vs_closed_daily set value = null, lower_bound = 0, upper_bound = 0.96"
    path = write_publication(home.home)
    change(path, f"{vague} where channel = 'tokens' and activity_date <= date '2026-02-25' - 40")
    change(path, f"{vague} where channel = 'catalogue'")
    text = page(home, "channels")
    assert title(text, "channels") == (
        "Open models have 31.0 % of tokens and 140 on the index of installs against closed ones"
    )
    assert "20 days up to 16 January 2026 left out" in text
    assert "60 days up to 25 February 2026 left out" in text
    assert "0.0 to 96.0 %" in text
    assert 0.96 not in {row["high"] for row in spec_rows(text, "channels") if "high" in row}


def test_the_index_of_a_family_and_a_share_starts_at_100_on_the_first_common_day(home: Settings) -> None:
    """The first day of 400 is a Wednesday: of its week the chart would draw only the Sunday."""
    write_publication(home.home, days=400)
    made = make_report(home, only("price"))
    drawn = spec_rows(read(made.path), "price")
    first = min(row["t"] for row in drawn)
    assert {row["v"] for row in drawn if row["t"] == first} == {100}
    drawn = [row for row in drawn if row["family"] == "qwen"]
    ends = {row["s"]: row for row in drawn if row["t"] == max(row["t"] for row in drawn)}
    said = re.fullmatch(
        r"From 100 on \d+ \w+ \d{4} Qwen's downloads a day came to (\d+) \((\d+) to (\d+) on the way\), "
        r"BABA to (\d+) \((\d+) to (\d+)\)",
        title(read(made.path), "price"),
    )
    assert said
    for last, low, high, series in ((*said.groups()[:3], "Downloads"), (*said.groups()[3:], "BABA")):
        figures = [row["v"] for row in drawn if row["s"] == series]
        assert int(low) <= round(min(figures)) and int(high) >= round(max(figures))
        assert int(last) == round(ends[series]["v"])


def test_numbers_of_a_table_sort_as_numbers(full: str) -> None:
    for part in full.split('<section id="')[1:]:
        cells = re.findall(r'<td class="number" data-sort="([^"]*)"', part)
        assert all(re.fullmatch(r"|-?[\d.]+(e[+-]?\d+)?", cell) for cell in cells), part[:20]


def test_days_of_which_no_access_is_known_are_left_out_of_openness_and_counted(home: Settings) -> None:
    """The first 35 of 60 days are an archive's: what is open there is unknown, and not 0 %."""
    path = write_publication(home.home)
    change(
        path,
        "update fct_openness_groups_daily set share_downloads_30d = case openness_group when 'unknown' "
        "then 1 else 0 end, share_models = case openness_group when 'unknown' then 1 else 0 end "
        "where activity_date <= date '2026-02-25' - 25",
    )
    text = page(home, "openness")
    assert "Left out: 35 days up to 31 January 2026" in text
    assert "than 28 days before" not in detail(text, "openness")
    for table in ("fct_openness_groups_daily", "fct_share_composition_daily"):
        change(path, f"delete from {table} where activity_date > date '2026-02-25' - 25")
    assert "Whether a model may be downloaded without asking is known of no day yet" in reason(
        page(home, "openness"), "openness"
    )


# -- nothing to say -------------------------------------------------------------------------------


def test_a_table_that_is_not_there_is_named_in_the_place_of_its_chart(home: Settings) -> None:
    write_publication(home.home, has_market=False, has_closed=False)
    made = make_report(home)
    assert set(made.empty) == {"channels", "reaction", "lead_lag"}
    assert made.failed == {}
    assert "no table fct_open_vs_closed_daily" in reason(read(made.path), "channels")


@pytest.mark.parametrize(
    ("emptied", "section", "expected"),
    [
        ("fct_family_adoption_daily", "claim", "No usable snapshot day yet"),
        ("fct_family_adoption_daily", "price", "No family of a listed company has seven days"),
        ("published_claims", "claim", "holds no claim about downloads"),
        ("fct_snapshot_days", "days", "No usable snapshot day yet"),
        ("fct_story_verdicts", "reaction", "No event yet"),
        ("fct_open_vs_closed_daily", "channels", "No channel has figures yet"),
        ("fct_adoption_lead_lag", "lead_lag", "No family of a listed company has weekly growth yet"),
        ("fct_country_adoption_daily", "changes", "No usable snapshot day yet"),
    ],
)
def test_an_empty_table_is_a_reason_and_no_failure(
    home: Settings, emptied: str, section: str, expected: str
) -> None:
    change(write_publication(home.home), f"delete from {emptied}")
    made = make_report(home, only(section))
    assert made.failed == {}
    assert expected in reason(read(made.path), section)


def test_a_publication_whose_every_table_is_empty_still_has_a_report(home: Settings) -> None:
    path = write_publication(home.home)
    with duckdb.connect(str(path)) as connection:
        for (table,) in connection.execute("select table_name from duckdb_tables()").fetchall():
            if table != "about":
                connection.execute(f"delete from {table}")
    made = make_report(home)
    assert made.failed == {}
    assert set(made.empty) == {section.key for section in SECTIONS}


def test_days_that_nobody_could_judge_are_counted_beside_the_trusted_ones(home: Settings) -> None:
    path = write_publication(home.home)
    change(
        path, "update fct_snapshot_days set status = 'ok_unchecked', usable = true where status <> 'missing'"
    )
    text = page(home, "days", "changes")
    assert title(text, "days") == "All 56 captured days can be trusted; 4 days were not captured"
    assert "56 days are taken as they are: too few others near them to judge them." in text
    assert "is judged ok, but unchecked." in text


def test_a_milestone_lies_on_its_line(home: Settings) -> None:
    """Passed between days far apart, it is drawn at what was counted on the second of them."""
    change(
        write_publication(home.home),
        "update fct_family_milestones set downloads_all_time_then = 731234567 where definition = 'lineage'",
    )
    assert 731234567 in [row["v"] for row in spec_rows(page(home, "claim"), "claim")]


def test_an_event_that_cannot_be_tested_says_why(home: Settings) -> None:
    change(
        write_publication(home.home),
        "update fct_event_study set verdict = 'not testable', car = null, scar = null, car_lower = null, "
        "car_upper = null, verdict_reason = '31 sessions before, 100 needed'; "
        "update fct_story_verdicts set verdict = 'not testable'",
    )
    assert reason(page(home, "reaction"), "reaction") == (
        "None of 2 stories is testable: 31 sessions before, 100 needed."
    )


def test_a_lag_without_enough_weeks_says_how_many_there_are(home: Settings) -> None:
    change(
        write_publication(home.home),
        "update fct_adoption_lead_lag set correlation = null, band = null, reason = '6 weeks, 52 are needed'",
    )
    assert reason(page(home, "lead_lag"), "lead_lag") == "Qwen: 6 weeks, 52 are needed."


def test_a_channel_without_figures_gives_its_reason_beside_the_others(full: str) -> None:
    assert "Downloads of weights on the Hub: no accepted snapshot of the Hub." in full


def test_growth_over_more_days_than_there_are_is_not_drawn_but_explained(home: Settings) -> None:
    write_publication(home.home, days=30)
    assert "No growth over 90 days yet: it compares 90 days against the 90 before" in page(home, "growth")


def test_what_is_not_a_number_is_missing(home: Settings) -> None:
    change(write_publication(home.home), "update fct_family_adoption_daily set net_1d = 'nan'::double")
    change(home.published / "modeltide.duckdb", "update fct_family_growth_daily set doubling_days = 0 / 0.0")
    made = make_report(home, only("growth", "price"))
    assert made.failed == {}
    assert "NaN" not in made.path.read_text().split('id="data"')[1].split("</script>")[0]


# -- synthetic ------------------------------------------------------------------------------------


def test_synthetic_data_wears_a_banner_and_no_title_reads_as_a_finding(home: Settings) -> None:
    write_publication(home.home, provenance="synthetic")
    text = page(home)
    assert '<p class="banner" role="note"><strong>Synthetic data.</strong>' in text
    for section in SECTIONS:
        assert title(text, section.key).startswith("Synthetic: "), section.key
    findings = re.findall(r'"findings": \{([^}]*)\}', text)
    for found in findings:  # what the switches put into the titles
        assert all(said.startswith("Synthetic: ") for said in re.findall(r': "([^"]*)"', found)), found


def test_live_data_wears_none_and_a_mirror_is_named(full: str, home: Settings) -> None:
    write_publication(home.home)
    assert "Synthetic" not in re.sub(r"<style>.*?</style>", "", full, flags=re.DOTALL)
    change(home.published / "modeltide.duckdb", "update about set provenance = 'mirror:example.org'")
    assert "The newest snapshot was answered by mirror:example.org" in page(home, "days")


def test_days_from_an_archive_are_told_apart_from_observed_ones(full: str) -> None:
    assert "3 days from the public archive hub-stats" in full


# -- other people's full --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", [*HOSTILE, '"><img src=x onerror=alert(1)>', "</script><script>alert(1)</script>", "{{ 7 * 7 }}"]
)
def test_a_hostile_name_is_shown_and_never_run(home: Settings, name: str) -> None:
    """Three scripts are ours: the data, Vega, the page's own; a name adds no element and no attribute."""
    path = write_publication(home.home, families={"qwen": name, "llama": "Llama"})
    change(path, "update fct_model_growth_daily set repo_id = ? where rank_downloads_30d in (3, 40)", name)
    change(path, "update dim_events set claim = ?", name)
    change(path, "update dim_families set name = ? where family = 'qwen'", name)
    made = make_report(home, only("claim", "families", "changes", "reaction", "price"))
    assert made.failed == {}
    text = made.path.read_text()
    assert len(re.findall(r"<script\b", text)) == len(re.findall(r"</script>", text)) == 3
    assert "<img" not in text.split("</style>")[1].split("<script")[0]
    assert name in unescape(text)
    if "<" in name:
        assert name not in text


# -- the file -------------------------------------------------------------------------------------


def test_the_page_asks_nobody_and_runs_only_its_own_scripts(home: Settings) -> None:
    write_publication(home.home)
    text = make_report(home, only("days")).path.read_text()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    rules = dict(rule.strip().split(" ", 1) for rule in unescape(policy[1]).split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert re.fullmatch(r"'sha256-[^']+' 'sha256-[^']+'", rules["script-src"])
    assert not re.search(r'(src|href)="(https?:)?//', text.split("<script")[0])


def test_three_years_of_days_fit_into_five_megabytes(home: Settings) -> None:
    write_publication(home.home, days=3 * 365, families={f"family-{n}": f"Family {n}" for n in range(12)})
    made = make_report(home)
    assert made.failed == {}
    assert made.size_bytes < 5 * MEGABYTE


def test_without_a_publication_there_is_one_line_that_says_what_to_do(home: Settings) -> None:
    with pytest.raises(ReportError, match=r"nothing to report on\. Type `make run`"):
        make_report(home)


def test_a_section_that_fails_says_so_in_its_place_and_the_others_are_complete(home: Settings) -> None:
    change(write_publication(home.home), "alter table fct_snapshot_days rename column ratio to was_ratio")
    made = make_report(home)
    assert list(made.failed) == ["days"]
    assert "ratio" in made.failed["days"]
    assert set(made.drawn) == {section.key for section in SECTIONS} - {"days"}
    assert "This section could not be made (BinderException" in reason(read(made.path), "days")


def test_a_file_that_is_no_publication_is_one_line_and_keeps_the_former_report(home: Settings) -> None:
    write_publication(home.home)
    before = page(home, "days")
    (home.published / "modeltide.duckdb").write_bytes(b"no database" * 1000)
    with pytest.raises(ReportError, match="The report could not be made: IOException") as caught:
        make_report(home)
    assert "\n" not in str(caught.value)
    assert read(home.published / "report.html") == before


# -- the asset ------------------------------------------------------------------------------------


def materialised(settings: Settings) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            [report_asset],
            instance=instance,
            selection=[REPORT],
            raise_on_error=False,
            resources={"settings": settings},
        )


def checked(result: dg.ExecuteInProcessResult) -> dg.AssetCheckEvaluation:
    (found,) = result.get_asset_check_evaluations()
    assert found.check_name == EVERY_SECTION_WAS_MADE.name
    return found


def test_the_asset_reports_sections_and_passes_its_check(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_publication(home.home)
    result = materialised(home)
    assert result.success
    (event,) = result.asset_materializations_for_node("report")
    assert event.metadata["sections_drawn"].value == len(SECTIONS)
    assert checked(result).passed


def test_a_failed_section_fails_the_check_and_not_the_run(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(write_publication(home.home), "alter table fct_snapshot_days rename column ratio to was_ratio")
    result = materialised(home)
    assert result.success
    assert not checked(result).passed
    assert "days: BinderException" in (checked(result).description or "")


def test_a_page_that_cannot_be_written_fails_the_check_and_not_the_run(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_publication(home.home)
    (home.published / "report.html").mkdir()  # a folder is in the way
    result = materialised(home)
    assert result.success
    assert "the former report stays" in (checked(result).description or "")
    assert not list(home.published.glob("*.tmp"))


def test_the_report_follows_the_publication_in_both_jobs() -> None:
    from dagster_project.definitions import defs

    graph = defs().resolve_asset_graph()
    assert graph.get(REPORT).parent_keys == {dg.AssetKey(["published", "modeltide"])}
    for name in ("daily_snapshot", "build_and_publish"):
        assert REPORT in defs().resolve_job_def(name).asset_layer.executable_asset_keys
