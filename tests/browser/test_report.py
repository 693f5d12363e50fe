"""The report as a reader's browser shows it.

Belongs here: drawing, switches, tables, themes, width, and that nothing leaves the machine.
Does not belong here: what the page says (tests/report).
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from dagster_project.lib.report.make import QUERIES, SECTIONS, make_report
from dagster_project.lib.settings import Settings
from dagster_project.synthetic.catalogue import HOSTILE
from tests.browser.chromium import prefer, size
from tests.report.publication import change, write_publication

PHONE = 390
MARKS = "[class*=mark-] path, [class*=mark-] text, [class*=mark-] line, [class*=mark-] rect"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("report")
    write_publication(home, days=45, provenance="synthetic")
    return make_report(Settings(home=home)).path


@pytest.fixture
def page(browser: webdriver.Chrome, report: Path) -> Iterator[webdriver.Chrome]:
    """The report, drawn, on a desk's screen in a light room."""
    size(browser, 1100)
    prefer(browser, "light")
    shown(browser, report)
    yield browser
    browser.execute_script("localStorage.clear()")


def shown(browser: webdriver.Chrome, path: Path) -> None:
    for log in ("browser", "performance"):
        browser.get_log(log)  # what an earlier page said
    browser.get(path.as_uri())
    wait(browser, "return document.documentElement.dataset.drawn === 'yes'")


def wait(browser: webdriver.Chrome, script: str, *arguments: Any) -> Any:
    return WebDriverWait(browser, 60, 0.05).until(lambda b: b.execute_script(script, *arguments))


def section(browser: webdriver.Chrome, key: str) -> Any:
    return browser.find_element(By.ID, key)


def title(browser: webdriver.Chrome, key: str) -> str:
    return section(browser, key).find_element(By.TAG_NAME, "h2").text.replace("\N{NO-BREAK SPACE}", " ")


def pick(browser: webdriver.Chrome, key: str, switch: str, value: str) -> None:
    button = section(browser, key).find_element(
        By.CSS_SELECTOR, f'[data-switch="{switch}"][value="{value}"] + span'
    )
    browser.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", button)
    button.click()


def labels(browser: webdriver.Chrome, key: str) -> list[str]:
    """What is written into the chart, its axes aside."""
    texts = section(browser, key).find_elements(By.CSS_SELECTOR, "svg .mark-text.role-mark text")
    return [text.text.replace("\N{NO-BREAK SPACE}", " ") for text in texts]


def errors(browser: webdriver.Chrome) -> list[str]:
    return [entry["message"] for entry in browser.get_log("browser")]


def test_it_renders_without_a_word_in_the_console_and_every_chart_has_marks(page: webdriver.Chrome) -> None:
    assert errors(page) == []
    charts = page.find_elements(By.CSS_SELECTOR, ".chart")
    assert {chart.get_attribute("data-section") for chart in charts} == {
        one.key
        for one in SECTIONS
        if one.key != "changes"  # which is told in words
    }
    for chart in charts:
        name = f"{chart.get_attribute('data-section')} {chart.get_attribute('data-panel')}"
        assert len(chart.find_elements(By.CSS_SELECTOR, MARKS)) >= 3, name


def test_no_request_leaves_the_machine(page: webdriver.Chrome) -> None:
    page.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    asked = [
        message["params"]["request"]["url"]
        for entry in page.get_log("performance")
        if (message := json.loads(entry["message"])["message"])["method"] == "Network.requestWillBeSent"
    ]
    assert asked
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def test_the_definition_can_be_switched_and_changes_title_and_chart(page: webdriver.Chrome) -> None:
    """Curated is 0.7 of lineage: Qwen 525 instead of 750 million."""
    assert "by lineage: Qwen 750 million" in title(page, "families")
    assert "750 M Qwen" in labels(page, "families")
    pick(page, "families", "definition", "curated")
    wait(page, "return document.querySelector('#families h2').textContent.includes('curated list')")
    assert "Qwen 525 million" in title(page, "families")
    assert "525 M Qwen" in labels(page, "families")
    assert errors(page) == []


def test_every_option_of_every_switch_gives_a_title_and_a_chart_or_a_reason(page: webdriver.Chrome) -> None:
    tried = 0
    for key in (one.key for one in SECTIONS):
        for control in section(page, key).find_elements(By.CSS_SELECTOR, "[data-switch]"):
            pick(page, key, control.get_attribute("data-switch"), control.get_attribute("value"))
            tried += seen(page, key)
        for select in section(page, key).find_elements(By.CSS_SELECTOR, ".select select"):
            for option in Select(select).options:
                Select(select).select_by_value(option.get_attribute("value"))
                tried += seen(page, key)
    assert tried >= 20
    assert errors(page) == []


def seen(browser: webdriver.Chrome, key: str) -> int:
    reason = section(browser, key).find_element(By.CSS_SELECTOR, ".reason")
    panels = section(browser, key).find_element(By.CSS_SELECTOR, ".panels")
    assert title(browser, key)
    assert reason.is_displayed() != panels.is_displayed()
    if panels.is_displayed():
        assert panels.find_elements(By.CSS_SELECTOR, MARKS)
    else:
        assert len(reason.text) > 20
    return 1


def test_an_option_without_data_shows_its_reason_and_the_next_one_draws_again(page: webdriver.Chrome) -> None:
    pick(page, "growth", "window", "growth_90d")
    reason = section(page, "growth").find_element(By.CSS_SELECTOR, ".reason")
    wait(page, "return !document.querySelector('#growth .reason').hidden")
    assert "takes 180 days" in reason.text
    assert not section(page, "growth").find_element(By.CSS_SELECTOR, ".panels").is_displayed()
    pick(page, "growth", "window", "growth_7d_vs_prior_21d")
    wait(page, "return document.querySelector('#growth .reason').hidden")
    assert section(page, "growth").find_element(By.CSS_SELECTOR, "svg").is_displayed()


@pytest.mark.parametrize("width", [PHONE, 768, 1100])
def test_nothing_scrolls_sideways(page: webdriver.Chrome, width: int) -> None:
    """Also with everything unfolded: tables and SQL scroll inside their own boxes."""
    size(page, width)
    shown(page, Path(page.current_url.removeprefix("file://").partition("#")[0]))
    for unfolded in (False, True):
        page.execute_script(
            "document.querySelectorAll('details').forEach(d => d.open = arguments[0])", unfolded
        )
        assert page.execute_script("return document.documentElement.scrollWidth") <= width


def test_a_definition_is_one_click_away(page: webdriver.Chrome) -> None:
    size(page, PHONE)
    page.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    link = section(page, "days").find_element(By.CSS_SELECTOR, "h3 a")
    table = link.text
    page.execute_script("arguments[0].click()", link)
    heading = page.find_element(By.ID, table)
    assert (heading.tag_name, heading.text) == ("h2", table)
    assert 0 <= page.execute_script("return arguments[0].getBoundingClientRect().top", heading) < 100
    assert page.execute_script("return document.documentElement.scrollWidth") <= PHONE
    assert errors(page) == []


def test_charts_on_a_phone_use_its_width_and_keep_their_labels_inside(page: webdriver.Chrome) -> None:
    size(page, PHONE)
    shown(page, Path(page.current_url.removeprefix("file://").partition("#")[0]))
    for svg in page.find_elements(By.CSS_SELECTOR, ".chart svg"):
        assert 300 <= svg.rect["width"] <= PHONE
    outside = page.execute_script(
        "return [...document.querySelectorAll('svg text')].filter(t => t.getBoundingClientRect().right > "
        "arguments[0] || t.getBoundingClientRect().left < 0).map(t => t.textContent)",
        PHONE,
    )
    assert outside == []
    cut = [text for key in ("claim", "families", "openness", "countries") for text in labels(page, key)]
    assert any("Commercial use" in text for text in cut)
    assert not any("…" in text for text in cut)


def test_charts_beside_each_other_begin_at_one_height(page: webdriver.Chrome) -> None:
    """Also where one heading has two lines and the other has one."""
    for key in ("reuse", "reaction"):
        charts = section(page, key).find_elements(By.CSS_SELECTOR, ".chart")
        assert len({round(chart.rect["y"]) for chart in charts}) == 1, key


@pytest.mark.parametrize("width", [PHONE, 1100])
def test_days_and_figures_of_tables_stand_on_one_line(page: webdriver.Chrome, width: int) -> None:
    size(page, width)
    page.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    broken = page.execute_script(
        "return [...document.querySelectorAll('td')].filter(cell => {"
        "const range = document.createRange(); range.selectNodeContents(cell);"
        "const whole = /^[\\d.,\u00a0% +−-]+$|^\\d+\u00a0\\w+\u00a0\\d{4}$/.test(cell.textContent);"
        "return whole && range.getClientRects().length > 1;}).map(cell => cell.textContent)"
    )
    assert broken == []


def test_lines_that_agree_all_show(page: webdriver.Chrome) -> None:
    """Lineage, without tests and organisation lie on each other as often as not: two are dashed in turn."""
    lines = section(page, "claim").find_elements(By.CSS_SELECTOR, ".mark-line path")
    dashes = [
        (line.get_attribute("stroke-dasharray"), line.get_attribute("stroke-dashoffset")) for line in lines
    ]
    assert len(lines) == 4
    assert len(set(dashes) - {(None, None)}) == 2


def test_an_axis_of_families_begins_where_their_lines_do(page: webdriver.Chrome) -> None:
    """Each definition has its own: the smallest family is in the lowest fifth of the chart."""
    for definition in ("lineage", "curated"):
        pick(page, "families", "definition", definition)
        wait(page, "return document.querySelectorAll('#families .mark-line path').length > 0")
        tops, bottoms = zip(
            *(
                (line.rect["y"], line.rect["y"] + line.rect["height"])
                for line in section(page, "families").find_elements(By.CSS_SELECTOR, ".mark-line path")
            ),
            strict=True,
        )
        grid = section(page, "families").find_elements(By.CSS_SELECTOR, ".role-axis-grid line")
        assert len(grid) >= 2
        assert max(bottoms) - min(tops) > 0.7 * 320


def brightness(browser: webdriver.Chrome, script: str) -> float:
    """Of a colour, from 0 (black) to 255."""
    colour = browser.execute_script(f"return {script}")
    return sum(map(float, re.findall(r"[\d.]+", colour)[:3])) / 3


PAPER = "getComputedStyle(document.body).backgroundColor"
LABEL = "getComputedStyle(document.querySelector('#growth .mark-text.role-mark text')).fill"


def test_the_theme_follows_the_system_and_the_switch_overrules_it_and_is_remembered(
    page: webdriver.Chrome, report: Path
) -> None:
    assert (brightness(page, PAPER) > 200, brightness(page, LABEL) < 100) == (True, True)
    prefer(page, "dark")
    assert (brightness(page, PAPER) < 60, brightness(page, LABEL) > 180) == (True, True)
    page.find_element(By.CSS_SELECTOR, '[name=theme][value="light"] + span').click()
    assert brightness(page, PAPER) > 200
    shown(page, report)
    assert brightness(page, PAPER) > 200
    page.find_element(By.CSS_SELECTOR, '[name=theme][value="dark"] + span').click()
    prefer(page, "light")
    assert brightness(page, PAPER) < 60


def test_a_table_sorts_by_value_and_not_by_text(page: webdriver.Chrome) -> None:
    page.execute_script("document.querySelectorAll('#families details').forEach(d => d.open = true)")
    table = section(page, "families").find_element(By.TAG_NAME, "table")
    head = table.find_element(By.XPATH, ".//button[text()='Downloads, all time']")
    page.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", head)
    for direction, expected in (("ascending", sorted), ("descending", lambda v: sorted(v, reverse=True))):
        head.click()
        values = [
            int(cell.get_attribute("textContent").replace(",", ""))
            for cell in table.find_elements(By.CSS_SELECTOR, "tbody td:nth-child(3)")
        ]
        assert len(values) == 12
        assert values == expected(values)
        assert table.find_element(By.CSS_SELECTOR, f"th[aria-sort={direction}]").text.startswith("Downloads")


def test_the_sql_can_be_copied_as_it_is(page: webdriver.Chrome) -> None:
    page.execute_cdp_cmd(
        "Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    )
    page.execute_script("document.querySelectorAll('#days details').forEach(d => d.open = true)")
    button = section(page, "days").find_element(By.CSS_SELECTOR, ".copy")
    page.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", button)
    button.click()
    said = wait(page, "const t = arguments[0].textContent; return t === 'Copy' ? null : t", button)
    copied = {
        "Copied": "return navigator.clipboard.readText()",
        "Selected": "return getSelection().toString()",
    }[said]
    sql = (QUERIES / "day_quality.sql").read_text()
    assert page.execute_script(copied).strip() == sql.strip()


def test_the_banner_of_synthetic_data_stays_in_sight(page: webdriver.Chrome) -> None:
    page.execute_script("document.querySelector('#days').scrollIntoView({behavior: 'instant'})")
    banner = page.find_element(By.CSS_SELECTOR, ".banner")
    assert 0 <= page.execute_script("return arguments[0].getBoundingClientRect().top", banner) < 5
    assert banner.text.startswith("Synthetic data.")


def test_hostile_names_are_text_in_titles_charts_and_tooltips(
    browser: webdriver.Chrome, tmp_path: Path
) -> None:
    names = [*HOSTILE, '<img src=x onerror="window.hacked=1">', "</script><script>window.hacked=1</script>"]
    path = write_publication(tmp_path, families={f"f{n}": name for n, name in enumerate(names)})
    change(path, "update dim_events set claim = ?", names[-1])
    report = make_report(Settings(home=tmp_path)).path
    size(browser, 1100)
    shown(browser, report)
    assert browser.execute_script("return window.hacked") is None
    assert errors(browser) == []
    assert browser.find_elements(By.CSS_SELECTOR, "main img, main script, main object") == []
    axis = section(browser, "reuse").find_elements(By.CSS_SELECTOR, "svg .role-axis-label text")
    assert any(text.text.startswith(names[0][:8]) for text in axis)
    point = section(browser, "families").find_element(By.CSS_SELECTOR, ".mark-symbol.role-mark path")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", point)
    ActionChains(browser).move_to_element(point).perform()
    tooltip = WebDriverWait(browser, 20).until(
        lambda b: b.find_element(By.CSS_SELECTOR, "#vg-tooltip-element.visible")
    )
    assert any(name in tooltip.text for name in names)
    assert tooltip.find_elements(By.CSS_SELECTOR, "img, script") == []
    assert browser.execute_script("return window.hacked") is None
