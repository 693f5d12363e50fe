"""SQL in the reader's browser: DuckDB there says what DuckDB says here, and asks nobody but the site.

Belongs here: queries, addresses, CSV, errors, hosts, keys and width, in headless Chromium.
Does not belong here: which tables the file has (test_small_file).
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from dagster_project.lib.report.documents import analyses
from dagster_project.lib.site import browser_sql
from dagster_project.lib.site.browser_sql import LACKING, BrowserSql, write_browser_sql
from dagster_project.lib.site.engine import NoEngine, installed_engine
from tests.answering import answering
from tests.browser.chromium import chromium, installed, prefer, size
from tests.site.host import Host, serving
from tests.worlds.homes import World

PHONE = 390
DOWNLOADED = "modeltide.csv"
TYPES = """
select
    date '2026-02-26' as a_date, timestamp '2026-02-26 06:10:00.123456' as a_time,
    cast(1.10 as decimal(9, 2)) as a_decimal, 9007199254740993 as beyond_double,
    170141183460469231731687303715884105727 as huge, [1, null, 3] as a_list,
    {'a': 1, 'b': 'x, y'} as a_struct,
    null as nothing, '' as empty, true as yes, 'two
lines, "quoted" <b>' as words, '\\x00\\xFF'::blob as bytes, 0.1 + 0.2 as a_double, 1e300 as large,
    'nan'::double as nan, interval 3 days as a_while, time '06:00:00' as hour
"""


@pytest.fixture(scope="module")
def made(world: World, tmp_path_factory: pytest.TempPathFactory) -> BrowserSql:
    try:
        installed_engine(world.settings.cache)
    except NoEngine as error:
        pytest.skip(f"{error}: `apt-get install npm` to ask the tables in a browser")
    return write_browser_sql(world.published, tmp_path_factory.mktemp("site"), world.settings.cache)


@pytest.fixture(scope="module")
def host(made: BrowserSql) -> Iterator[Host]:
    with serving(made.path.parent) as running:
        yield running


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Any]:
    """Every host but those of this machine: the browser's proxy, which hears what it is asked."""
    with answering(lambda request: request.say(200, b"a\n1\n")) as running:
        yield running


@pytest.fixture(scope="module")
def running(elsewhere: Any) -> Iterator[Chrome]:
    if installed() is None:
        pytest.skip("no browser: `apt-get install chromium chromium-driver` to ask the tables in one")
    # it asks for the time by itself
    flags = (f"--proxy-server={elsewhere.host}", "--disable-features=NetworkTimeServiceQuerying")
    with chromium(flags=flags) as browser:
        yield browser


@pytest.fixture
def page(running: Chrome, host: Host) -> Chrome:
    """The page as it is opened; its engine runs already if a test before has left it there."""
    size(running, 1100)
    prefer(running, "light")
    if not running.current_url.startswith(f"http://{host.address}/sql.html"):
        opened(running, host)
        wait(running, "return document.getElementById('status').textContent === 'Ready.'")
    running.execute_script(
        "history.replaceState(null, '', 'sql.html');"
        "for (const place of ['status', 'error', 'result']) document.getElementById(place).replaceChildren()"
    )
    return running


def opened(browser: Chrome, host: Host, fragment: str = "") -> None:
    browser.get("about:blank")  # another fragment alone would not load the page
    browser.get(f"http://{host.address}/sql.html{fragment}")


def wait(browser: Chrome, script: str) -> Any:
    return WebDriverWait(browser, 60, 0.05).until(lambda b: b.execute_script(script))


def text_of(browser: Chrome, place: str) -> str:
    return str(browser.find_element(By.ID, place).text)


def put(browser: Chrome, sql: str) -> None:
    browser.execute_script("document.getElementById('sql').value = arguments[0]", sql)


def answered(browser: Chrome) -> tuple[list[str], list[list[str | None]]]:
    """Names and rows of the result, as text; raises AssertionError for an error."""
    wait(
        browser,
        "return document.getElementById('ask').getAttribute('aria-busy') !== 'true' "
        "&& (document.querySelector('#result table') || document.getElementById('error').textContent)",
    )
    assert text_of(browser, "error") == ""
    names, rows = browser.execute_script(
        "const text = (cell) => cell.className === 'null' ? null : cell.textContent;"
        "const table = document.querySelector('#result table');"
        "return [[...table.tHead.rows[0].cells].map((cell) => cell.firstChild.textContent),"
        "[...table.tBodies[0].rows].map((row) => [...row.cells].map(text))]"
    )
    return names, rows


def asked(browser: Chrome, sql: str) -> tuple[list[str], list[list[str | None]]]:
    put(browser, sql)
    browser.find_element(By.ID, "run").click()
    return answered(browser)


def here(made: BrowserSql, sql: str) -> tuple[list[str], list[list[str | None]]]:
    """What DuckDB for Python says of the same file."""
    with duckdb.connect(str(made.path.parent / "sql" / "modeltide.duckdb"), read_only=True) as connection:
        connection.execute(f"create temp table answer as from query('{sql.replace(chr(39), chr(39) * 2)}')")
        rows = connection.execute("select cast(columns(*) as varchar) from answer").fetchall()
        names = [name for name, *_ in connection.execute("describe answer").fetchall()]
    return names, [list(row) for row in rows]


def test_every_question_of_the_analyses_has_duckdbs_answer(page: Chrome, made: BrowserSql) -> None:
    offered = {
        option.get_attribute("value"): option.get_attribute("data-sql")
        for option in page.find_elements(By.CSS_SELECTOR, "#example option[data-sql]")
    }
    left_out = {"2_who_grows_fastest", "8_which_days_and_counts_to_doubt"}  # of single models, by day
    assert set(offered) == {path.stem for path in analyses()} - left_out
    told = text_of(page, "missing-list")
    assert "fct_model_growth_daily" in told and "fct_model_downloads_daily" in told
    with_rows = 0
    for name, sql in offered.items():
        Select(page.find_element(By.ID, "example")).select_by_value(name)
        page.find_element(By.ID, "run").click()
        names, rows = answered(page)
        expected_names, expected = here(made, sql)
        assert names == expected_names, name
        assert rows == expected[:1000], name
        with_rows += bool(rows)
    assert with_rows >= 8


def test_values_of_every_type_read_as_duckdb_writes_them(page: Chrome, made: BrowserSql) -> None:
    assert asked(page, TYPES) == here(made, TYPES)


@pytest.mark.parametrize(
    "sql", ["describe dim_events", "show tables", "summarize about", "from about; -- so"]
)
def test_what_describes_the_tables_is_a_query_as_well(page: Chrome, sql: str) -> None:
    assert asked(page, sql)[1]


def test_the_address_of_a_query_brings_it_and_its_answer_back(page: Chrome, host: Host) -> None:
    sql = "select 'a+b & c=d #1 % é' as words,\n  7 * 6 as number -- why"
    answer = asked(page, sql)
    asked(page, "select 1 as other")
    page.back()
    wait(page, "return document.querySelector('#result th')?.firstChild.textContent === 'words'")
    address = page.current_url
    opened(page, host)
    page.get(address)
    assert answered(page) == answer
    assert page.find_element(By.ID, "sql").get_attribute("value") == sql


def test_copy_address_puts_the_query_into_the_address_without_running_it(page: Chrome) -> None:
    put(page, "select 42")
    page.find_element(By.ID, "copy").click()
    wait(page, "return location.hash === '#sql=select+42'")
    wait(page, "return /address/.test(document.getElementById('status').textContent)")
    assert page.find_elements(By.CSS_SELECTOR, "#result table") == []


@pytest.mark.parametrize("sql", [TYPES, "from range(2500) as t(number)", "select 1 where false"])
def test_the_csv_is_the_one_that_duckdb_writes(
    page: Chrome, made: BrowserSql, tmp_path: Path, sql: str
) -> None:
    page.execute_cdp_cmd(
        "Browser.setDownloadBehavior",
        {"behavior": "allow", "downloadPath": str(tmp_path), "eventsEnabled": True},
    )
    asked(page, sql)
    page.find_element(By.ID, "csv").click()
    until = time.monotonic() + 30
    while not (tmp_path / DOWNLOADED).exists() and time.monotonic() < until:
        time.sleep(0.05)
    duckdb.sql(f"copy ({sql}) to '{tmp_path}/expected.csv' (header)")
    assert (tmp_path / DOWNLOADED).read_bytes() == (tmp_path / "expected.csv").read_bytes()


def test_of_many_rows_the_first_thousand_are_shown_and_the_page_says_so(page: Chrome) -> None:
    _, rows = asked(page, "from range(2500) as t(number)")
    assert [row for (row,) in rows] == [str(number) for number in range(1000)]
    assert text_of(page, "status").startswith("2,500 rows in ")
    assert text_of(page, "status").endswith("The first 1,000 are shown; the CSV has all.")


def test_an_error_is_an_alert_in_duckdbs_words_and_the_next_query_runs(page: Chrome) -> None:
    put(page, "select repo_i from latest_models")
    page.find_element(By.ID, "run").click()
    wait(page, "return document.getElementById('error').textContent")
    alert = page.find_element(By.CSS_SELECTOR, "[role=alert]").text
    assert alert.startswith('Binder Error: Referenced column "repo_i" not found')
    assert alert.count("LINE 1: select repo_i from latest_models") == 1
    assert page.find_elements(By.CSS_SELECTOR, "#result table") == []
    assert asked(page, "select 1 as one") == (["one"], [["1"]])


@pytest.mark.parametrize("lacking", LACKING, ids=lambda one: one.extension)
def test_what_the_page_says_is_missing_is_missing(page: Chrome, lacking: browser_sql.Lacking) -> None:
    assert lacking.example in text_of(page, "missing-list")
    put(page, lacking.example)
    page.find_element(By.ID, "run").click()
    wait(page, "return document.getElementById('error').textContent")


def test_a_query_that_does_not_end_is_stopped_and_the_next_one_runs(page: Chrome) -> None:
    put(page, "select count(*) from range(100000000) a, range(100000000) b where a.range + b.range = 7")
    page.find_element(By.ID, "run").click()
    wait(page, "return document.getElementById('status').textContent === 'Running …'")
    page.find_element(By.ID, "stop").click()
    wait(page, "return document.getElementById('status').textContent === 'Stopped.'")
    assert asked(page, "select 1 as one") == (["one"], [["1"]])


def test_nobody_but_the_site_is_asked_not_even_by_a_query(page: Chrome, elsewhere: Any) -> None:
    """Nor does a query of an address that somebody sent tell anybody what it reads."""
    put(page, "from read_csv('http://elsewhere.test/a.csv')")
    page.find_element(By.ID, "run").click()
    wait(page, "return document.getElementById('error').textContent")
    asked(page, "from about")
    assert elsewhere.seen == []
    page.get("http://elsewhere.test/")  # the proxy would have heard
    assert "http://elsewhere.test/" in [seen.path for seen in elsewhere.seen]
    elsewhere.seen.clear()


def test_of_the_tables_a_query_fetches_only_a_part(page: Chrome, host: Host, made: BrowserSql) -> None:
    host.sent.clear()
    opened(page, host, "#sql=from+latest_openness")
    assert answered(page)[1]
    parts = [sent for sent in host.sent if sent.path == "modeltide.duckdb"]
    assert parts and {sent.status for sent in parts} == {206}
    assert sum(sent.size for sent in parts) < made.file_bytes


def test_a_host_without_ranges_sends_the_whole_file_once(page: Chrome, made: BrowserSql) -> None:
    with serving(made.path.parent, has_ranges=False) as plain:
        page.get("about:blank")
        page.execute_cdp_cmd("Network.clearBrowserCache", {})
        page.get(f"http://{plain.address}/sql.html#sql=from+latest_openness")
        assert answered(page)[1]
        assert [sent.size for sent in plain.sent if sent.path == "modeltide.duckdb"] == [made.file_bytes]


def test_it_is_used_by_keys_alone(page: Chrome) -> None:
    keys = ActionChains(page)
    page.find_element(By.ID, "example").send_keys("How")
    page.execute_script("document.getElementById('sql').focus()")
    keys.key_down(Keys.CONTROL).send_keys("a").key_up(Keys.CONTROL).send_keys("select 6 * 7 as answer")
    keys.key_down(Keys.CONTROL).send_keys(Keys.ENTER).key_up(Keys.CONTROL).perform()
    assert answered(page) == (["answer"], [["42"]])
    reached = []
    for _ in range(4):
        ActionChains(page).send_keys(Keys.TAB).perform()
        reached.append(page.switch_to.active_element.get_attribute("id"))
    assert reached == ["run", "copy", "csv", "result"]


def test_every_control_has_a_name_and_the_table_a_caption_and_headings(page: Chrome) -> None:
    asked(page, "select 1 as one")
    for control in page.find_elements(By.CSS_SELECTOR, "select, textarea, button, #result"):
        assert control.accessible_name, control.get_attribute("outerHTML")
    assert page.find_element(By.TAG_NAME, "caption").get_attribute("textContent").startswith("1 row in ")
    assert {head.get_attribute("scope") for head in page.find_elements(By.CSS_SELECTOR, "#result th")} == {
        "col"
    }


def test_nothing_scrolls_sideways_on_a_phone(page: Chrome) -> None:
    size(page, PHONE)
    asked(page, "from latest_claims")
    page.execute_script("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    assert page.execute_script("return document.documentElement.scrollWidth") <= PHONE


def test_without_npm_the_page_says_so_and_offers_the_file(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    made = write_browser_sql(world.published, tmp_path / "site", tmp_path / "cache")
    assert "npm is not installed" in made.no_engine
    text = made.path.read_text(encoding="utf-8")
    assert "made without the engine, because npm is not installed" in text
    assert "<script" not in text and "<textarea" not in text
    assert sorted(path.name for path in (tmp_path / "site" / "sql").iterdir()) == ["modeltide.duckdb"]


def test_what_npm_says_of_its_failure_is_in_the_log_and_not_on_the_page(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho 'no route to registry.test' >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    made = write_browser_sql(world.published, tmp_path / "site", tmp_path / "cache")
    assert made.no_engine == "npm could not install DuckDB for the browser"
    assert "registry.test" not in made.path.read_text(encoding="utf-8")
    assert "no route to registry.test" in caplog.text
    assert list((tmp_path / "cache").iterdir()) == []
