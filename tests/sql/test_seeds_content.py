"""The shipped seeds of sql/seeds: complete, unambiguous, every row with a source.

Belongs here: claims about the rows that ship.
Does not belong here: how seeds are read, merged and validated (test_seeds.py).
"""

import csv
import itertools
import re
from datetime import date
from pathlib import Path

import duckdb
import pytest

from dagster_project.lib.markets.vintages import RESTATED_BEYOND

SEEDS = Path(__file__).parents[2] / "sql" / "seeds"
HEADERS = {
    "publishers": "publisher,company,family,country,follow_all,source",
    "licences": "licence_id,licence_class,name,source",
    "companies": (
        "symbol,name,company,kind,exchange,country,market_symbol,sector_symbol,peers,is_primary_listing,source"
    ),
    "families": "family,name,company,extra_root_pattern,source",
    "curated_models": "family,repo_pattern,is_included,source",
    "test_repo_patterns": "pattern,meaning,source",
    "counting_rule_changes": (
        "rule_change,effective_date,date_precision,applies_to_kind,applies_to,change,source"
    ),
    "published_claims": (
        "claim,kind,family,subject,against,definition,population,published_date,publisher,measure,metric,value,"
        "share,is_lower_bound,window_start,window_end,scope,unsaid,not_comparable,verified,source"
    ),
    "day_quality_thresholds": "threshold,value,unit,meaning,source",
    "size_classes": "size_class,name,min_parameters,below_parameters,source",
    "named_licences": "licence_name,licence_class,source",
    "growth_thresholds": "threshold,value,unit,meaning,source",
    "countries": "country,name,region,country_group,source",
    "libraries": "library_name,library_kind,name,source",
    "pipeline_kinds": "pipeline_tag,model_kind,source",
    "sdk_packages": "registry,package,basket,source",
    "sdk_base_weeks": "registry,base_week,source",
    "api_authors": "author,company,country,models_dev_provider,source",
    "api_model_classes": "permaslug_pattern,api_class,since_date,source",
    "share_thresholds": "threshold,value,unit,meaning,source",
    "data_sources": "data_source,name,licence,terms,terms_url,attribution,source",
    "table_terms": "table_name,table_schema,is_redistributable,reason,source",
    "headline_events": "event_id,story,kind,company,event_date,event_time,time_zone,claim,source",
    "event_kinds": "kind,event_group,is_decisive,definition,source",
    "event_windows": "event_window,start_session,end_session,is_primary,source",
    "event_study_thresholds": "threshold,value,unit,meaning,source",
    "session_corrections": "exchange,session_date,is_session,what,source",
    "confounders": "confounder,confounder_date,affected_company,affected_country,what,verified,source",
}
KEYS = {
    "curated_models": ("family", "repo_pattern"),
    "sdk_packages": ("registry", "package"),
    "session_corrections": ("exchange", "session_date"),
}
ACCOUNTS = {
    "Alibaba": "Qwen Alibaba-NLP alibaba-pai Tongyi-MAI Wan-AI FunAudioLLM AIDC-AI ATH-MaaS "
    "Alibaba-DAMO-Academy DAMO-NLP-SG Tongyi-Zhiwen Logics-MLLM ali-vilab alibaba-damo",
    "Meta": "meta-llama facebook FacebookAI codellama meta-models",
    "DeepSeek": "deepseek-ai",
    "Mistral AI": "mistralai mistral-community",
    "Google": "google google-bert google-t5 litert-community",
    "Microsoft": "microsoft",
    "OpenAI": "openai openai-community",
    "NVIDIA": "nvidia",
    "Moonshot AI": "moonshotai",
    "Z.ai": "zai-org THUDM",
    "MiniMax": "MiniMaxAI",
    "Baidu": "baidu PaddlePaddle",
    "Tencent": "tencent Tencent-Hunyuan TencentARC",
    "ByteDance": "ByteDance ByteDance-Seed bytedance-research",
    "IBM": "ibm-granite ibm-research ibm-nasa-geospatial",
    "Apple": "apple",
    "Amazon": "amazon autogluon",
    "xAI": "xai-org",
    "Cohere": "CohereLabs CohereForAI",
    "Allen Institute for AI": "allenai",
    "Hugging Face": "HuggingFaceTB HuggingFaceH4 HuggingFaceM4 HuggingFaceFW HuggingFaceVLA distilbert timm "
    "sentence-transformers cross-encoder lerobot open-r1",
    "Stability AI": "stabilityai",
    "Black Forest Labs": "black-forest-labs",
}
SYMBOLS = (
    "BABA 9988.HK BIDU JD PDD 0700.HK 2513.HK 0100.HK META GOOGL MSFT AMZN NVDA AAPL ORCL IBM "
    "SPY QQQ KWEB ^GSPC ^HSI"
)
RE_PACKAGERS = "unsloth bartowski mradermacher TheBloke lmstudio-community ggml-org Comfy-Org Kijai"
MARKET_OF_EXCHANGE = {"XNYS": "SPY", "XHKG": "^HSI"}


def read(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def key_of(name: str, row: dict[str, str]) -> str:
    return " ".join(row[column] for column in KEYS.get(name, (HEADERS[name].partition(",")[0],)))


def by_key(name: str) -> dict[str, dict[str, str]]:
    key = HEADERS[name].partition(",")[0]
    return {row[key]: row for row in read(name)}


@pytest.mark.parametrize("name", HEADERS)
def test_the_file_is_plain_csv_with_the_agreed_header(name):
    raw = (SEEDS / f"{name}.csv").read_bytes()
    assert raw.decode("utf-8").split("\n")[0] == HEADERS[name]
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in raw
    assert raw.endswith(b"\n")


@pytest.mark.parametrize("name", HEADERS)
def test_every_row_has_a_key_of_its_own_a_source_and_no_stray_space(name):
    rows = {key_of(name, row): row for row in read(name)}
    assert len(rows) == len(read(name))
    # what is a pattern may differ from another one in case alone
    assert name == "curated_models" or len({key.lower() for key in rows}) == len(rows)
    assert [key for key, row in rows.items() if not key or not row["source"]] == []
    assert [key for key, row in rows.items() if any(t != t.strip() for t in row.values())] == []


def test_rows_are_sorted_so_that_a_change_is_a_small_difference():
    publishers = [row["publisher"].lower() for row in read("publishers")]
    assert publishers == sorted(publishers)
    for name in HEADERS.keys() - {"publishers", "counting_rule_changes"}:
        keys = [key_of(name, row) for row in read(name)]
        assert keys == sorted(keys), name
    dates = [row["effective_date"] for row in read("counting_rule_changes")]
    assert dates == sorted(dates)


@pytest.mark.parametrize("name", ["publishers", "companies"])
def test_a_country_is_two_capitals_or_unknown(name):
    wrong = {r["country"] for r in read(name) if not re.fullmatch("[A-Z]{2}|unknown", r["country"])}
    assert wrong == set()


@pytest.mark.parametrize("company", ACCOUNTS)
def test_the_accounts_of_a_company_bear_its_name_and_a_family(company):
    publishers = by_key("publishers")
    for account in ACCOUNTS[company].split():
        assert publishers[account]["company"] == company
        assert publishers[account]["family"]


def test_one_company_sits_in_one_country():
    countries: dict[str, set[str]] = {}
    for row in [*read("publishers"), *read("companies")]:
        if row["company"]:
            countries.setdefault(row["company"], set()).add(row["country"])
    assert {company: c for company, c in countries.items() if len(c) > 1} == {}


def test_makers_are_followed_and_re_packagers_are_not():
    publishers = by_key("publishers")
    assert {row["follow_all"] for row in publishers.values()} == {"true", "false"}
    for account in ("Qwen", "meta-llama", "deepseek-ai", "mistralai", "google", "openai", "BAAI"):
        assert publishers[account]["follow_all"] == "true"
    for account in RE_PACKAGERS.split():
        assert publishers[account]["follow_all"] == "false"
        assert publishers[account]["family"] == ""
    assert [a for a, r in publishers.items() if r["follow_all"] == "true" and not r["family"]] == []


def test_listing_the_followed_publishers_leaves_half_of_an_anonymous_quota():
    # 500 requests in 5 minutes: 50 pages of the top, at least one request per followed account
    followed = sum(row["follow_all"] == "true" for row in read("publishers"))
    assert 40 <= followed <= 150


def test_a_family_is_a_lower_case_token():
    wrong = [r["family"] for r in read("publishers") if not re.fullmatch("[a-z0-9-]*", r["family"])]
    assert wrong == []


def test_the_qwen_family_is_of_alibaba_alone():
    qwen = {row["company"] for row in read("publishers") if row["family"] == "qwen"}
    assert qwen == {"Alibaba"}


def test_licence_classes_follow_the_definition():
    classes = {key: row["licence_class"] for key, row in by_key("licences").items()}
    assert set(classes.values()) == {"L0", "L1", "L2", "L3", "L4"}
    expected = {
        "L4": "apache-2.0 mit bsd-3-clause gpl-3.0 agpl-3.0 mpl-2.0 isc unlicense",
        "L3": "cc0-1.0 cc-by-4.0 cc-by-sa-4.0 openmdw-1.0 openmdw-1.1 odc-by wtfpl",
        "L2": "llama2 llama3 llama3.1 llama3.2 llama3.3 llama4 gemma openrail openrail++ "
        "creativeml-openrail-m bigscience-openrail-m bigcode-openrail-m grok2-community "
        "cc-by-nd-4.0",
        "L1": "cc-by-nc-4.0 cc-by-nc-sa-4.0 cc-by-nc-nd-4.0 apple-amlr intel-research",
        "L0": "unknown other cc",
    }
    for licence_class, ids in expected.items():
        assert {i: classes[i] for i in ids.split()} == dict.fromkeys(ids.split(), licence_class)


def test_no_non_commercial_or_research_licence_counts_as_commercial():
    restricted = re.compile(r"-nc-|noncommercial|research")
    kind = {row["licence_id"]: row["licence_class"] for row in read("licences")}
    assert {i for i, c in kind.items() if restricted.search(i) and c != "L1"} == set()


def test_every_share_has_a_benchmark_of_its_own_exchange():
    companies = by_key("companies")
    for symbol, row in companies.items():
        assert row["kind"] in {"company", "fund", "index"}
        if row["kind"] != "company":
            assert row["market_symbol"] + row["sector_symbol"] + row["peers"] == "", symbol
            continue
        assert row["market_symbol"] == MARKET_OF_EXCHANGE[row["exchange"]], symbol
        # a fund of another exchange closes at another hour: its returns explain the wrong day
        sector = companies[row["sector_symbol"]]
        assert (sector["kind"], sector["exchange"]) == ("fund", row["exchange"]), symbol


def test_peers_are_other_companies_that_are_fetched():
    companies = by_key("companies")
    for symbol, row in companies.items():
        peers = row["peers"].split()
        assert len(peers) == len(set(peers)), symbol
        assert all(companies[peer]["kind"] == "company" for peer in peers), symbol
        others = [companies[peer]["name"].partition(" ")[0] for peer in peers]
        assert row["name"].partition(" ")[0] not in others, symbol


def test_the_required_symbols_are_there_with_a_hong_kong_technology_fund():
    companies = by_key("companies")
    assert [symbol for symbol in SYMBOLS.split() if symbol not in companies] == []
    assert companies["3033.HK"]["kind"] == "fund"
    assert companies["BABA"]["sector_symbol"] == "KWEB"
    assert companies["BABA"]["peers"].split() == ["JD", "PDD", "BIDU", "0700.HK"]


def test_a_listed_company_that_publishes_models_is_named_as_in_publishers():
    publishing = {row["company"] for row in read("publishers")}
    listed = {row["company"] for row in read("companies") if row["company"]}
    assert listed - publishing == set()
    assert {"Alibaba", "Tencent", "Baidu", "Z.ai", "MiniMax", "Meta", "Google"} <= listed


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("families", "extra_root_pattern"),
        ("curated_models", "repo_pattern"),
        ("test_repo_patterns", "pattern"),
    ],
)
def test_the_engine_understands_every_pattern(name, column):
    patterns = [row[column] for row in read(name) if row[column]]
    assert patterns
    for pattern in patterns:
        duckdb.execute("select regexp_matches('a/b', ?)", [pattern]).fetchall()


def test_families_are_those_of_the_publishers():
    known = set(by_key("families"))
    assert {row["family"] for row in read("publishers") if row["family"]} - known == set()
    assert {row["family"] for row in read("curated_models")} - known == {"*"}
    assert {row["family"] for row in read("published_claims") if row["family"]} - known == set()


def test_a_curated_family_has_patterns_of_its_own_accounts():
    including = [row for row in read("curated_models") if row["is_included"] == "true"]
    assert all(row["repo_pattern"].startswith("^") for row in including)
    excluding = {row["family"] for row in read("curated_models") if row["is_included"] == "false"}
    assert excluding == {"*"}


def test_test_repositories_are_found_and_products_are_not():
    """Hand-picked names; the last three hold the words, but not as an account or a whole word."""
    patterns = [row["pattern"] for row in read("test_repo_patterns")]

    def is_test(repo: str) -> bool:
        return any(re.search(pattern, repo.lower()) for pattern in patterns)

    assert is_test("hf-internal-testing/tiny-random-gpt2")
    assert is_test("trl-internal-testing/Qwen2-0.5B") and is_test("someone/tiny-random-llama")
    assert not is_test("Qwen/Qwen3-8B") and not is_test("a/random-forest") and not is_test("a/tiny-llama")


def test_size_classes_leave_no_gap_and_do_not_overlap():
    rows = read("size_classes")
    assert rows[0]["min_parameters"] == "0" and rows[-1]["below_parameters"] == ""
    for smaller, larger in itertools.pairwise(rows):
        assert smaller["below_parameters"] == larger["min_parameters"]


def test_every_published_claim_says_what_it_covers():
    for row in read("published_claims"):
        assert row["window_end"] and row["scope"], row["claim"]
        assert (row["measure"] == "window") == bool(row["window_start"]), row["claim"]


def test_a_counting_rule_names_what_it_applies_to():
    for row in read("counting_rule_changes"):
        assert (row["applies_to_kind"] == "none") == (row["applies_to"] == ""), row["rule_change"]


def test_the_day_thresholds_are_those_of_the_definition():
    value = {key: float(row["value"]) for key, row in by_key("day_quality_thresholds").items()}
    assert (value["low_ratio"], value["high_ratio"], value["frozen_share"]) == (0.3, 1.3, 0.25)
    assert (value["rollback_share"], value["rollback_max_days"]) == (0.05, 8)
    assert (value["median_window_days"], value["median_min_days"]) == (7, 5)
    assert value["panel_max_difference"] == 0.25 and value["provisional_days"] == 10


def test_no_named_licence_that_forbids_commerce_counts_as_commercial():
    forbids = re.compile(r"non-?commercial|research-only")
    wrong = [
        row["licence_name"]
        for row in read("named_licences")
        if forbids.search(row["licence_name"]) and row["licence_class"] != "L1"
    ]
    assert wrong == []


def test_every_country_of_iso_3166_has_one_group_and_europe_is_that_of_the_united_nations():
    countries = by_key("countries")
    assert len([code for code in countries if len(code) == 2]) == 249 + 1  # and Kosovo's XK
    groups = {code: row["country_group"] for code, row in countries.items()}
    assert [code for code, group in groups.items() if group == "China"] == ["CN"]
    assert [code for code, group in groups.items() if group == "United States"] == ["US"]
    assert groups["unknown"] == "unknown"
    for code, row in countries.items():
        assert (row["country_group"] == "Europe") == (row["region"] == "Europe"), code
    # in Europe by some other count, and by this one: Cyprus and Turkey are Western Asia, Russia is not
    assert [groups[code] for code in ("CY", "TR", "RU", "GB", "CH")] == ["rest", "rest", *["Europe"] * 3]


@pytest.mark.parametrize("name", ["publishers", "companies"])
def test_every_country_of_the_seeds_has_a_group(name):
    assert {row["country"] for row in read(name)} - set(by_key("countries")) == set()


def test_a_library_of_one_runtime_is_spelt_as_the_models_compare_it():
    assert all(row["library_name"] == row["library_name"].lower() for row in read("libraries"))
    assert {"gguf", "mlx", "onnx"} <= {
        row["library_name"] for row in read("libraries") if row["library_kind"] == "runtime"
    }


def test_a_company_has_exactly_one_primary_listing():
    listings: dict[str, int] = {}
    for row in read("companies"):
        if row["kind"] == "company":
            name = row["company"] or row["symbol"]
            listings[name] = listings.get(name, 0) + (row["is_primary_listing"] == "true")
        else:
            assert row["is_primary_listing"] == "false", row["symbol"]
    assert {name: count for name, count in listings.items() if count != 1} == {}


def test_the_three_reports_of_the_700_million_are_one_story_of_a_listed_company():
    reports = [row for row in read("headline_events") if row["event_id"].startswith("qwen-700m")]
    assert {row["event_date"] for row in reports} == {"2026-01-09", "2026-01-12", "2026-01-13"}
    assert {row["story"] for row in reports} == {"qwen-700m"}
    listed = {row["company"] for row in read("companies")}
    assert {row["company"] for row in read("headline_events")} <= listed


def test_the_stories_reach_from_2023_to_today_and_hold_those_of_nvidia():
    events = by_key("headline_events")
    assert len({row["story"] for row in events.values()}) >= 25
    assert {row["event_date"][:4] for row in events.values()} == {"2023", "2024", "2025", "2026"}
    fall = events["deepseek-r1-sell-off"]
    assert (fall["company"], fall["event_date"]) == ("NVIDIA", "2025-01-27")
    assert {key for key, row in events.items() if row["story"] == "nvidia-hugging-face"} == {
        "nvidia-hugging-face-talks",
        "nvidia-hugging-face-agreed",
    }


def test_what_happened_in_january_2026_has_the_day_on_which_it_was_announced():
    """The probe on Friday the 9th, its reading on the 12th; the plan on the 7th, the remarks on the 12th."""
    rows = by_key("confounders")
    assert rows["2026-01-09-samr-alibaba"]["verified"] == "true"
    assert "fell 2.3 %" in rows["2026-01-09-samr-alibaba"]["what"]
    assert "announced on 9 January" in rows["2026-01-12-samr-alibaba"]["what"]
    assert rows["2026-01-07-miit-plan"]["verified"] == "true"
    assert "plan of 7 January" in rows["2026-01-12-miit-remarks"]["what"]
    assert "before the opening (164.00 against 166.31)" in rows["2026-01-13-baba-premarket"]["what"]
    assert (
        rows["2026-01-08-baba-rise"]["verified"] == "true"
        and "154.47" in rows["2026-01-08-baba-rise"]["what"]
    )
    assert "belongs to Alibaba" in by_key("headline_events")["qwen-700m-scmp"]["claim"]


def test_one_window_is_primary_and_holds_the_event_session():
    windows = {
        (int(r["start_session"]), int(r["end_session"])): r["is_primary"] for r in read("event_windows")
    }
    assert windows == {(0, 0): "false", (-1, 1): "false", (0, 1): "true", (-5, 5): "false"}


def test_session_corrections_have_the_storms_of_2023_and_each_says_who_said_so():
    rows = {(row["exchange"], row["session_date"]): row for row in read("session_corrections")}
    for day in ("2023-09-01", "2023-09-08"):
        assert rows["XHKG", day]["is_session"] == "false"
    for row in rows.values():
        assert row["exchange"] in MARKET_OF_EXCHANGE and row["what"]
        assert date.fromisoformat(row["session_date"]).isoweekday() <= 5
        assert "://" in row["source"]


def test_confounders_name_a_day_and_a_company_or_country_that_has_shares():
    companies = read("companies")
    for row in read("confounders"):
        assert row["confounder"].startswith(row["confounder_date"])
        assert row["affected_company"] in {"", *(r["company"] for r in companies)}, row["confounder"]
        assert row["affected_country"] in {"", *(r["country"] for r in companies)}, row["confounder"]


def test_the_tolerance_of_restatements_is_that_of_the_loader():
    assert float(by_key("event_study_thresholds")["restated_beyond"]["value"]) == RESTATED_BEYOND
