"""changes.html in a browser.

Belongs here: what its style does. Does not belong here: what it says (tests/site).
"""

from pathlib import Path
from typing import Any

from selenium.webdriver.common.by import By

from dagster_project.lib.site.changes_page import changes_page
from tests.site.planted_changes import PLANTED, Publication


def test_a_button_shows_the_changes_of_its_kind_alone(browser: Any, tmp_path: Path) -> None:
    made = Publication()
    made.changes(*PLANTED)
    path = tmp_path / "changes.html"
    path.write_text(changes_page(made.connection), encoding="utf-8")
    browser.get(path.as_uri())

    def shown() -> list[str]:
        rows = browser.find_elements(By.CSS_SELECTOR, "tbody tr")
        return [row.get_attribute("class") for row in rows if row.is_displayed()]

    kinds = [row["kind"] for row in PLANTED]
    assert shown() == kinds
    for kind in kinds:
        browser.find_element(By.CSS_SELECTOR, f"label:has(#show-{kind})").click()
        assert shown() == [kind]
    browser.find_element(By.CSS_SELECTOR, "label:has(#show-all)").click()
    assert shown() == kinds
