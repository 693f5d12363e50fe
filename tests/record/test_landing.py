"""Landing: a page counts only when its manifest line does, and nothing that was trusted is lost."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from dagster_project.lib.record.landing import (
    Crawl,
    LandingError,
    Opening,
    find_crawls,
    newest_complete,
    open_crawl,
    prune,
    read_crawl,
)

DAY = date(2026, 1, 14)
AT = datetime(2026, 1, 14, 6, 0, 5, tzinfo=UTC)
OPENING = Opening(str(DAY), "top", "top-1", "http://hub", "live", ["top"], "2026-01-14T06:00:00+00:00")
BODIES = [b'[{"_id": "a"}]', b'[{"_id": "b"}, {"_id": "c"}]', b"[]"]


def landed(landing: Path, complete: bool = True) -> Crawl:
    crawl = open_crawl(landing, OPENING)
    for number, body in enumerate(BODIES):
        crawl.add_page("top", body, number, AT, f"http://hub?cursor={number}")
    if complete:
        crawl.finish()
    return crawl


def read_again(crawl: Crawl) -> Crawl:
    found = read_crawl(crawl.folder)
    assert found is not None
    return found


def test_what_is_read_back_is_what_was_landed(tmp_path: Path) -> None:
    crawl = landed(tmp_path)
    found = read_again(crawl)
    assert found == crawl
    assert found.is_complete
    assert [found.read(page) for page in found.pages] == BODIES
    assert [page.next_url for page in found.pages][1] == "http://hub?cursor=1"
    assert (found.started_at.second, found.finished_at) == (0, AT)


@pytest.mark.parametrize("lost", range(1, 60, 7))
def test_a_torn_last_line_costs_that_page_alone_and_the_crawl_goes_on(tmp_path: Path, lost: int) -> None:
    manifest = landed(tmp_path, complete=False).folder / "manifest.jsonl"
    manifest.write_bytes(manifest.read_bytes()[:-lost])
    cut = read_crawl(manifest.parent)
    assert cut is not None
    assert [page.number for page in cut.pages] == [0, 1]
    cut.add_page("top", b"[1]", 1, AT, None)
    cut.finish()
    assert [read_again(cut).read(page) for page in cut.pages] == [*BODIES[:2], b"[1]"]
    assert read_again(cut).is_complete


def test_a_line_that_is_no_json_ends_what_is_trusted(tmp_path: Path) -> None:
    """Blocks of zeros are what a power cut leaves in a file that had grown."""
    manifest = landed(tmp_path).folder / "manifest.jsonl"
    lines = manifest.read_bytes().splitlines(keepends=True)
    manifest.write_bytes(b"".join([*lines[:2], b"\0" * 100 + b"\n", *lines[3:]]))
    found = read_crawl(manifest.parent)
    assert found is not None
    assert (len(found.pages), found.is_complete) == (1, False)
    assert manifest.read_bytes() == b"".join(lines[:2])


def test_a_page_whose_file_is_gone_is_not_trusted_nor_what_follows(tmp_path: Path) -> None:
    crawl = landed(tmp_path)
    (crawl.folder / crawl.pages[1].file).unlink()
    found = read_again(crawl)
    assert [page.number for page in found.pages] == [0]
    assert not found.is_complete


@pytest.mark.parametrize("content", [b"", b'{"opening": {"day": "2026-'])
def test_a_crawl_without_a_whole_opening_is_none_and_the_next_gets_a_folder_of_its_own(
    tmp_path: Path, content: bytes
) -> None:
    torn = landed(tmp_path)
    (torn.folder / "manifest.jsonl").write_bytes(content)
    assert read_crawl(torn.folder) is None
    (tmp_path / "hub" / str(DAY) / "top-1" / "crawl-7").mkdir()
    assert find_crawls(tmp_path, DAY, "top-1") == []
    assert landed(tmp_path).folder.name == "crawl-8"


def test_a_page_under_its_temporary_name_is_no_page(tmp_path: Path) -> None:
    crawl = landed(tmp_path, complete=False)
    (crawl.folder / "page-00003.json.zst.tmp").write_bytes(b"half")
    assert len(read_again(crawl).pages) == 3


def test_the_newest_complete_crawl_is_the_one_to_load(tmp_path: Path) -> None:
    """Ten crawls, so that crawl-10 must not sort before crawl-9."""
    folders = [landed(tmp_path).folder.name for _ in range(10)]
    assert folders[-1] == "crawl-10"
    landed(tmp_path, complete=False)
    assert newest_complete(tmp_path, DAY, "top-1").folder.name == "crawl-10"
    assert [c.folder.name for c in find_crawls(tmp_path, DAY, "top-1")][:3] == [
        "crawl-11",
        "crawl-10",
        "crawl-9",
    ]


def test_a_day_without_a_complete_crawl_is_named(tmp_path: Path) -> None:
    landed(tmp_path, complete=False)
    with pytest.raises(LandingError, match=f"No complete crawl of {DAY} .top-1."):
        newest_complete(tmp_path, DAY, "top-1")


def test_crawls_of_another_scope_are_not_mixed_in(tmp_path: Path) -> None:
    landed(tmp_path)
    assert find_crawls(tmp_path, DAY, "top-2") == []


def test_fourteen_days_are_kept_and_rejected_ones_longer(tmp_path: Path) -> None:
    days = [date(2026, 1, number) for number in range(1, 21)]
    for day in days:
        open_crawl(tmp_path, Opening(**{**vars(OPENING), "day": str(day)}))
    gone = prune(tmp_path, date(2026, 1, 20), keep={date(2026, 1, 3)})
    assert gone == [day for day in days if day.day <= 6 and day.day != 3]
    left = sorted(path.name for path in (tmp_path / "hub").iterdir())
    assert left == ["2026-01-03", *(str(day) for day in days[6:])]
    assert len(days[6:]) == 14


@pytest.mark.parametrize("name", ["crawl-old", "crawl-", "crawl-1.bak"])
def test_a_stray_folder_beside_crawls_is_none_of_them(tmp_path: Path, name: str) -> None:
    first = landed(tmp_path)
    (first.folder.parent / name).mkdir()
    (first.folder.parent / "crawl-7").write_text("a file is no crawl")
    assert [crawl.folder for crawl in find_crawls(tmp_path, DAY, "top-1")] == [first.folder]
    assert open_crawl(tmp_path, OPENING).folder.name == "crawl-2"


def test_what_is_no_landed_day_is_not_pruned(tmp_path: Path) -> None:
    landed(tmp_path)
    for name in ("2026-99-99", "notes"):
        (tmp_path / "hub" / name).mkdir()
    (tmp_path / "hub" / "2024-01-01").write_text("a file is no day")
    assert prune(tmp_path, date(2026, 3, 1), set()) == [DAY]
    assert sorted(path.name for path in (tmp_path / "hub").iterdir()) == ["2024-01-01", "2026-99-99", "notes"]


@pytest.mark.parametrize(
    "line", [b"[]\n", b"7\n", b'{"opening": {"unknown": 1}}\n', b'{"page": {"rows": 1}}\n', b'{"page": 3}\n']
)
def test_a_line_of_another_shape_ends_what_is_trusted(tmp_path: Path, line: bytes) -> None:
    crawl = landed(tmp_path, complete=False)
    with open(crawl.folder / "manifest.jsonl", "ab") as manifest:
        manifest.write(line)
    assert [page.number for page in read_again(crawl).pages] == [0, 1, 2]


def test_a_damaged_page_is_named_with_what_to_do(tmp_path: Path) -> None:
    crawl = landed(tmp_path)
    page = crawl.pages[1]
    (crawl.folder / page.file).write_bytes(b"no zstandard")
    with pytest.raises(LandingError, match=rf"{page.file} is damaged.*REFETCH=1") as raised:
        crawl.read(page)
    assert "\n" not in str(raised.value)
