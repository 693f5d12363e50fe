"""Seeds: the user's folder overrides and extends the shipped rows, and an error says where it is."""

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from dagster_project.lib.seeds.files import Row, Seed, SeedError
from dagster_project.lib.seeds.tables import (
    ALL_SEEDS,
    COMPANIES,
    LICENCES,
    PUBLISHERS,
    SHIPPED,
    followed_publishers,
    load_seeds,
    read_seed,
)
from dagster_project.lib.settings import Settings

# lists of the world's things may lose a few rows; constants, classes and kinds are all there or the SQL
# models find no row for them
SHIPPED_AT_LEAST = {
    "publishers": 200, "licences": 75, "companies": 28, "families": 130, "curated_models": 35,
    "test_repo_patterns": 18, "counting_rule_changes": 6, "published_claims": 69,
    "day_quality_thresholds": 26,
    "size_classes": 7, "named_licences": 65, "growth_thresholds": 7, "countries": 250, "libraries": 12,
    "pipeline_kinds": 55,
    "sdk_packages": 13, "sdk_base_weeks": 2, "api_authors": 33, "api_model_classes": 7, "share_thresholds": 4,
    "data_sources": 6, "table_terms": 100, "headline_events": 47, "event_kinds": 4, "event_windows": 4,
    "event_study_thresholds": 19, "confounders": 34, "session_corrections": 2,
}  # fmt: skip


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Settings:
    """Settings with a folder MODELTIDE_SEEDS, empty as yet."""
    folder = tmp_path / "seeds"
    folder.mkdir()
    return replace(settings, seeds_folder=folder)


def write(settings: Settings, name: str, text: str) -> None:
    assert settings.seeds_folder is not None
    (settings.seeds_folder / name).write_text(text, encoding="utf-8")


def row(seed: Seed, settings: Settings, key: str) -> Row:
    (found,) = [r for r in read_seed(seed, settings) if r[seed.key[0]] == key]
    return found


def test_without_a_folder_and_with_an_empty_one_the_shipped_rows_are_read(
    settings: Settings, own: Settings
) -> None:
    assert {seed.name for seed in ALL_SEEDS} == SHIPPED_AT_LEAST.keys()
    for seed in ALL_SEEDS:
        shipped = read_seed(seed, settings)
        assert len(shipped) >= SHIPPED_AT_LEAST[seed.name], seed.name
        assert read_seed(seed, own) == shipped


def test_a_row_of_the_user_extends_the_shipped_ones(settings: Settings, own: Settings) -> None:
    write(own, "publishers.csv", "publisher,company,follow_all\nmy-lab,My Lab,true\n")
    added = row(PUBLISHERS, own, "my-lab")
    assert added == {
        "publisher": "my-lab",
        "company": "My Lab",
        "family": None,
        "country": "unknown",
        "follow_all": "true",
        "source": "publishers.csv",
    }
    assert [r for r in read_seed(PUBLISHERS, own) if r != added] == read_seed(PUBLISHERS, settings)


def test_a_row_of_the_user_overrides_the_columns_that_it_has_and_no_others(
    settings: Settings, own: Settings
) -> None:
    shipped = row(PUBLISHERS, settings, "Qwen")
    assert shipped["follow_all"] == "true"
    write(own, "publishers.csv", "publisher,follow_all,source\nQwen,false,my own view\n")
    assert row(PUBLISHERS, own, "Qwen") == {**shipped, "follow_all": "false", "source": "my own view"}
    assert len(read_seed(PUBLISHERS, own)) == len(read_seed(PUBLISHERS, settings))


def test_accounts_that_differ_in_case_are_two(settings: Settings, own: Settings) -> None:
    write(own, "publishers.csv", "publisher,company\nqwen,Somebody else\n")
    assert row(PUBLISHERS, own, "Qwen") == row(PUBLISHERS, settings, "Qwen")
    assert row(PUBLISHERS, own, "qwen")["company"] == "Somebody else"


def test_the_crawl_follows_who_the_user_says(settings: Settings, own: Settings) -> None:
    write(own, "publishers.csv", "publisher,follow_all\nQwen,false\nmy-lab,true\n")
    expected = (set(followed_publishers(settings)) - {"Qwen"}) | {"my-lab"}
    assert set(followed_publishers(own)) == expected
    assert own.scope_id(followed_publishers(own)) != settings.scope_id(followed_publishers(settings))


def test_an_own_ticker_is_a_row_like_any_other(own: Settings) -> None:
    header = "symbol,name,kind,exchange,country,market_symbol,source"
    write(own, "companies.csv", f"{header}\nSHOP,Shopify,company,XNYS,CA,SPY,me\n")
    assert row(COMPANIES, own, "SHOP")["market_symbol"] == "SPY"


def test_what_spreadsheets_write_is_read(own: Settings) -> None:
    """A byte-order mark, Windows line ends, spaces around a value, quotes around a comma."""
    text = '\ufeffpublisher,company\r\nmy-lab,  "not quoted"\r\nother-lab,"Lab, Inc."\r\n'
    write(own, "publishers.csv", text.replace('  "not quoted"', " My Lab "))
    assert row(PUBLISHERS, own, "my-lab")["company"] == "My Lab"
    assert row(PUBLISHERS, own, "other-lab")["company"] == "Lab, Inc."


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        (
            "publishers.csv",
            "publisher,follow_all\nok,true\nmy-lab,yes\n",
            "line 3: follow_all is 'yes'; allowed: true or false",
        ),
        (
            "publishers.csv",
            "publisher,country\nmy-lab,Chile\n",
            "line 2: country is 'Chile'; allowed: two capital letters",
        ),
        (
            "publishers.csv",
            "publisher\nmy lab\n",
            "line 2: publisher is 'my lab'; allowed: an account name without slash or space",
        ),
        (
            "publishers.csv",
            "publisher\nmy-lab/model\n",
            "line 2: publisher is 'my-lab/model'; allowed: an account name",
        ),
        (
            "licences.csv",
            "licence_id,licence_class\nmit,open\n",
            "line 2: licence_class is 'open'; allowed: L0 or L1 or L2 or L3 or L4",
        ),
        (
            "companies.csv",
            "symbol,kind\nSHOP,share\n",
            "line 2: kind is 'share'; allowed: company or fund or index",
        ),
        (
            "companies.csv",
            "symbol,exchange\nSHOP,XTSE\n",
            "line 2: exchange is 'XTSE'; allowed: XNYS or XHKG",
        ),
        ("companies.csv", "symbol\nshop\n", "line 2: symbol is 'shop'; allowed: a Yahoo symbol"),
        (
            "companies.csv",
            "symbol,market_symbol\nSHOP,S&P 500\n",
            "line 2: market_symbol is 'S&P 500'; allowed: a Yahoo symbol",
        ),
        (
            "publishers.csv",
            "publisher,colour\nmy-lab,red\n",
            "line 1: the columns are publisher, colour; allowed: publisher, company",
        ),
        ("publishers.csv", "company\nMy Lab\n", "line 1: the columns are company; allowed: publisher"),
        ("publishers.csv", "publisher,publisher\na,b\n", "line 1: the columns are publisher, publisher"),
        ("publishers.csv", "", "line 1: the columns are missing"),
        ("publishers.csv", "publisher,company\nmy-lab\n", "line 2: the number of columns differs"),
        ("publishers.csv", "publisher,company\nmy-lab,a,b\n", "line 2: the number of columns differs"),
        ("publishers.csv", "publisher\nmy-lab\nmy-lab\n", "line 3: publisher 'my-lab' is there twice"),
        ("publishers.csv", 'publisher,company\nmy-lab,"My" Lab\n', "line 2: "),
        ("publishers.csv", 'publisher,"com"pany\nmy-lab,\n', "line 1: "),
        ("publishers.csv", "publisher,company\n,My Lab\n", "line 2: publisher is empty"),
        (
            "companies.csv",
            "symbol,name\nSHOP,Shopify\n",
            "'SHOP' has no kind; allowed: company or fund or index",
        ),
        (
            "licences.csv",
            "licence_id,name\nmy-licence,Mine\n",
            "'my-licence' has no licence_class; allowed: L0",
        ),
        (
            "headline_events.csv",
            "event_id,event_time\nmine,9:30\n",
            "line 2: event_time is '9:30'; allowed: a time such as 09:30",
        ),
        (
            "headline_events.csv",
            "event_id,time_zone\nmine,Beijing\n",
            "line 2: time_zone is 'Beijing'; allowed: an IANA time zone such as Asia/Hong_Kong",
        ),
        (
            "headline_events.csv",
            "event_id,time_zone\nmine,Europe\n",
            "line 2: time_zone is 'Europe'; allowed",
        ),
        (
            "headline_events.csv",
            "event_id,kind,event_date,time_zone\nmine,headline,2026-01-31,UTC\n",
            "'mine' has no claim; allowed: any text",
        ),
        (
            "confounders.csv",
            "confounder,affected_country\nmine,china\n",
            "line 2: affected_country is 'china'; allowed: two capital letters (ISO 3166-1)",
        ),
        (
            "publisher.csv",
            "publisher\nmy-lab\n",
            "publisher.csv is no seed; near it: publishers.csv, published_claims.csv. Rename or remove it.",
        ),
        (
            "notes.csv",
            "publisher\nmy-lab\n",
            f"notes.csv is no seed; allowed: {', '.join(sorted(seed.file_name for seed in ALL_SEEDS))}. ",
        ),
    ],
)
def test_a_bad_row_is_refused_by_file_line_column_and_what_is_allowed(
    own: Settings, name: str, text: str, says: str
) -> None:
    write(own, name, text)
    with pytest.raises(SeedError) as raised:
        for seed in ALL_SEEDS:
            read_seed(seed, own)
    assert says in str(raised.value)
    assert name in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        (
            "publishers.csv",
            "publisher,country\nlab,UK\n",
            "line 2: country is 'UK'; allowed: one of countries.csv; near it: GB",
        ),
        (
            "publishers.csv",
            "publisher,country\nlab,XX\n",
            "country is 'XX'; allowed: one of countries.csv; near it: ",
        ),
        (
            "publishers.csv",
            "publisher,country\nlab,Chile\n",
            "country is 'Chile'; allowed: two capital letters (ISO 3166-1) or unknown; near it: CL",
        ),
        ("api_authors.csv", "author,country\nlab,EL\n", "country is 'EL'; allowed: one of countries.csv"),
        (
            "confounders.csv",
            "confounder,affected_country\nx,UK\n",
            "affected_country is 'UK'; allowed: one of",
        ),
        (
            "companies.csv",
            "symbol,market_symbol\nBABA,^NOPE\n",
            "market_symbol is '^NOPE'; allowed: one of companies.csv; near it: ",
        ),
        (
            "companies.csv",
            "symbol,sector_symbol\nBABA,KWEBB\n",
            "sector_symbol is 'KWEBB'; allowed: one of companies.csv; near it: KWEB",
        ),
        (
            "companies.csv",
            "symbol,peers\nBABA,JD PDDD\n",
            "peers is 'JD PDDD'; allowed: words of companies.csv "
            "separated by spaces, not 'PDDD'; near it: PDD",
        ),
        (
            "companies.csv",
            'symbol,peers\nBABA,"JD,PDD"\n',
            "peers is 'JD,PDD'; allowed: words of companies.csv",
        ),
        (
            "publishers.csv",
            "publisher,family\nlab,qwenn\n",
            "family is 'qwenn'; allowed: one of families.csv; near it: qwen",
        ),
        (
            "curated_models.csv",
            "family,repo_pattern,is_included\nqwenn,x,true\n",
            "family is 'qwenn'; allowed: one of",
        ),
        (
            "published_claims.csv",
            "claim,family\nx,qwenn\n",
            "family is 'qwenn'; allowed: one of families.csv",
        ),
        (
            "published_claims.csv",
            "claim,value\nx,-5\n",
            "value is '-5'; allowed: a whole number, without separators of thousands, 0 or more",
        ),
        (
            "headline_events.csv",
            "event_id,company\nx,Alibabba\n",
            "company is 'Alibabba'; allowed: one of "
            "companies.csv or publishers.csv or families.csv; near it: Alibaba",
        ),
        (
            "day_quality_thresholds.csv",
            "threshold,value\nlow_ration,0.2\n",
            "threshold is 'low_ration'; allowed: the name of a shipped row; near it: low_ratio",
        ),
        (
            "day_quality_thresholds.csv",
            "threshold,value\nlow_ratio,-1\n",
            "value is '-1'; allowed: a number of ratio of median from 0 to 1,000,000; near it: 0",
        ),
        (
            "share_thresholds.csv",
            "threshold,value\nmin_coverage,1.5\n",
            "value is '1.5'; allowed: a number of share from 0 to 1; near it: 1",
        ),
        (
            "share_thresholds.csv",
            "threshold,value\nmin_coverage,85%\n",
            "value is '85%'; allowed: a number such as 0.25, without separators of thousands; near it: 0.85",
        ),
        ("share_thresholds.csv", "threshold,value,unit\nmin_coverage,80,percent\n", "line 2: value is '80'"),
        (
            "growth_thresholds.csv",
            "threshold,value,unit\nmin_base_model,1,models\n",
            "unit is 'models'; allowed: downloads, as shipped",
        ),
        (
            "growth_thresholds.csv",
            "threshold,value\nlineage_max_depth,2.5\n",
            "value is '2.5'; allowed: a whole number of steps from 1 to 1,000; near it: 2",
        ),
        (
            "growth_thresholds.csv",
            'threshold,value\nmin_base_group,"1,000"\n',
            "value is '1,000'; allowed: a number "
            "such as 0.25, without separators of thousands; near it: 1000",
        ),
        (
            "event_study_thresholds.csv",
            "threshold,value\nestimation_end,21\n",
            "value is '21'; allowed: a whole number of sessions from -10,000 to -1; near it: -1",
        ),
        ("published_claims.csv", "claim,subject\nx,family:qwenn\n", "near it: family:qwen"),
        (
            "published_claims.csv",
            "claim,against\nx,family:llama; publisher:Moonshot\n",
            "publisher:Moonshot AI",
        ),
        ("published_claims.csv", "claim,subject\nx,qwen\n", "allowed: family:, publisher: (a company), "),
        ("size_classes.csv", "size_class,min_parameters\nx,1 000 000\n", "near it: 1000000"),
        (
            "headline_events.csv",
            "event_id,event_date\nx,31.01.2026\n",
            "event_date is '31.01.2026'; allowed: a day such as 2026-01-31; near it: 2026-01-31",
        ),
        ("headline_events.csv", "event_id,event_time\nx,9:30\n", "near it: 09:30"),
        (
            "test_repo_patterns.csv",
            "pattern\n(?!a)b\n",
            "pattern is '(?!a)b'; allowed: a regular expression without "
            "look-around and back reference (invalid perl operator: (?!",
        ),
        ("test_repo_patterns.csv", "pattern\na\\Z\n", "invalid escape sequence: \\Z"),
        ("test_repo_patterns.csv", "pattern\na*+\n", "bad repetition operator: *+"),
        ("test_repo_patterns.csv", "pattern\n(a)\\1\n", "invalid escape sequence: \\1"),
        ("families.csv", "family,extra_root_pattern\nqwen,(\n", "missing ): ("),
        (
            "publishers.csv",
            "Publisher,company\nlab,Lab\n",
            "the columns are Publisher, company; allowed: publisher, ",
        ),
        ("publishers.csv", ",,\n,,\n", "line 2: the columns are missing"),
        ("Publishers.CSV", "publisher\nlab\n", "Publishers.CSV is no seed; near it: publishers.csv"),
        ("publishers.csv.txt", "publisher\nlab\n", "publishers.csv.txt is no seed; near it: publishers.csv"),
        (" publishers.csv", "publisher\nlab\n", "/ publishers.csv' is no seed; near it: publishers.csv"),
        ("publishers (1).csv", "publisher\nlab\n", "is no seed; near it: publishers.csv"),
        ("publishers - Copy.csv", "publisher\nlab\n", "is no seed; near it: publishers.csv"),
        ("publishers.xlsx", "x", "publishers.xlsx is no seed; near it: publishers.csv"),
        ("publishers.tsv", "x", "publishers.tsv is no seed; near it: publishers.csv"),
        ("publishers", "x", "publishers is no seed; near it: publishers.csv"),
    ],
)
def test_a_value_that_means_nothing_is_refused_with_what_is_near(
    own: Settings, name: str, text: str, says: str
) -> None:
    write(own, name, text)
    with pytest.raises(SeedError) as raised:
        for seed in ALL_SEEDS:
            read_seed(seed, own)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


def test_what_is_no_seed_and_what_is_left_beside_one_is_nobodys_business(own: Settings) -> None:
    for name in ("README.md", "notes.txt", ".DS_Store", ".~lock.publishers.csv#", "~$publishers.csv"):
        write(own, name, "whatever")
    for name in ("publishers.csv~", "publishers.csv.bak"):
        write(own, name, "whatever")
    assert own.seeds_folder is not None
    (own.seeds_folder / "old").mkdir()
    assert len(read_seed(PUBLISHERS, own)) >= SHIPPED_AT_LEAST["publishers"]
    (own.seeds_folder / "licences.csv").mkdir()
    with pytest.raises(SeedError, match=r"licences\.csv is no file"):
        read_seed(PUBLISHERS, own)


def test_a_row_may_refer_to_the_users_own(own: Settings) -> None:
    write(own, "countries.csv", "country,name,country_group\nXK,Kosovo,Europe\n")
    write(own, "families.csv", "family,name\nmine,Mine\n")
    write(own, "publishers.csv", "publisher,country,family\nlab,XK,mine\n")
    write(own, "companies.csv", "symbol,kind,exchange,market_symbol,peers\nNEW,company,XNYS,IDX,BABA\n"
          "IDX,index,XNYS,,\n")  # fmt: skip
    write(own, "curated_models.csv", "family,repo_pattern,is_included\n*,x,false\nmine,y,true\n")
    for seed in ALL_SEEDS:
        read_seed(seed, own)
    assert row(PUBLISHERS, own, "lab")["country"] == "XK"


@pytest.mark.parametrize(
    "text",
    [
        "publisher,company,follow_all\nmy-lab,My Lab,TRUE\nother,Other,False\n",
        "publisher;company;follow_all\nmy-lab;My Lab;true\nother;Other;false\n",
        "publisher\tcompany\tfollow_all\nmy-lab\tMy Lab\tTRUE\nother\tOther\tFALSE\n",
        "sep=;\npublisher;company;follow_all\nmy-lab;My Lab;true\nother;Other;false\n",
        "\ufeffpublisher,company,follow_all,,\r\nmy-lab,My Lab,TRUE,,\r\n,,,,\r\n"
        "\r\nother,Other,FALSE,,\r\n,,,,\r\n",
        ' publisher , company,follow_all\nmy-lab,\u00a0My Lab ,true\n" ",,\nother,Other,false,\n',
    ],
)
def test_a_file_is_read_as_spreadsheets_of_all_countries_save_it(own: Settings, text: str) -> None:
    write(own, "publishers.csv", text)
    assert (row(PUBLISHERS, own, "my-lab")["company"], row(PUBLISHERS, own, "my-lab")["follow_all"]) == (
        "My Lab", "true"
    )  # fmt: skip
    assert row(PUBLISHERS, own, "other")["follow_all"] == "false"


def test_an_error_counts_the_lines_as_an_editor_does(own: Settings) -> None:
    write(own, "publishers.csv", "sep=;\npublisher;follow_all\n;\n\nlab;maybe\n")
    with pytest.raises(SeedError, match="line 5: follow_all is 'maybe'"):
        read_seed(PUBLISHERS, own)


def test_the_shipped_rows_pass_what_a_users_must(settings: Settings) -> None:
    own = replace(settings, seeds_folder=SHIPPED)
    for seed in ALL_SEEDS:
        assert read_seed(seed, own) == read_seed(seed, settings)


def test_a_line_end_inside_quotes_is_part_of_the_value(own: Settings) -> None:
    write(own, "publishers.csv", 'publisher,company,follow_all\nmy-lab,"My\nLab",true\nnext,,maybe\n')
    with pytest.raises(SeedError, match="line 4: follow_all is 'maybe'"):
        read_seed(PUBLISHERS, own)
    write(own, "publishers.csv", 'publisher,company\nmy-lab,"My\nLab"\n')
    assert row(PUBLISHERS, own, "my-lab")["company"] == "My\nLab"


def test_a_file_that_is_no_utf8_is_refused_by_name(own: Settings) -> None:
    assert own.seeds_folder is not None
    (own.seeds_folder / "publishers.csv").write_bytes("publisher,company\nlab,Lücke\n".encode("latin-1"))
    with pytest.raises(SeedError, match=r"publishers.csv: not UTF-8 text.*Save it as UTF-8"):
        read_seed(PUBLISHERS, own)


def test_loading_replaces_the_tables_and_a_bad_folder_leaves_them(own: Settings) -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema seeds")
        counts = load_seeds(connection, own)
        assert counts == {seed.name: len(read_seed(seed, own)) for seed in ALL_SEEDS}
        write(own, "licences.csv", "licence_id,licence_class,name,source\nmy-licence,L3,Mine,me\n")
        assert load_seeds(connection, own)["licences"] == counts["licences"] + 1
        write(own, "publishers.csv", "publisher,follow_all\nmy-lab,perhaps\n")
        with pytest.raises(SeedError):
            load_seeds(connection, own)
        found = connection.execute(
            "select (select count(*) from seeds.licences), (select count(*) from seeds.publishers), "
            "(select follow_all from seeds.publishers where publisher = 'Qwen')"
        ).fetchall()
        assert found == [(counts["licences"] + 1, counts["publishers"], True)]
        assert [c.name for c in LICENCES.columns] == [
            name for name, *_ in connection.execute("describe seeds.licences").fetchall()
        ]
