"""The synthetic archive through the Hub's own client: commits, redirects, ranges, what revisions lack."""

from datetime import UTC, date, datetime

import duckdb
import httpx2
import pytest
from huggingface_hub import HfApi, get_hf_file_metadata, hf_hub_url
from huggingface_hub.errors import RepositoryNotFoundError

from dagster_project.synthetic.archive import DATASET, FILE
from dagster_project.synthetic.server import Upstream

CLIENT = httpx2.Client(timeout=10)


def commits(upstream: Upstream) -> dict[date, list[str]]:
    listed = HfApi(endpoint=upstream.url, token=False).list_repo_commits(DATASET, repo_type="dataset")
    by_day: dict[date, list[str]] = {}
    for commit in listed:
        by_day.setdefault(commit.created_at.date(), []).append(commit.commit_id)
    return by_day


def metadata(upstream: Upstream, sha: str):
    url = hf_hub_url(DATASET, FILE, repo_type="dataset", revision=sha, endpoint=upstream.url)
    return get_hf_file_metadata(url, token=False, endpoint=upstream.url)


def columns(upstream: Upstream, day: date, tmp_path) -> dict[str, str]:
    path = tmp_path / "models.parquet"
    path.write_bytes(CLIENT.get(metadata(upstream, commits(upstream)[day][0]).location).content)
    with duckdb.connect() as connection:
        described = connection.execute(f"describe select * from '{path}'").fetchall()
    return {name: kind for name, kind, *_ in described}


def test_commits_come_newest_first_and_none_is_from_the_future(upstream: Upstream) -> None:
    listed = HfApi(endpoint=upstream.url, token=False).list_repo_commits(DATASET, repo_type="dataset")
    times = [commit.created_at for commit in listed]
    assert times == sorted(times, reverse=True)
    assert (times[-1].date(), times[0]) == (date(2024, 7, 5), datetime(2026, 1, 14, 5, 30, tzinfo=UTC))
    assert len(times) > 500, "more than ten pages"


def test_some_days_have_two_commits_and_some_none(upstream: Upstream) -> None:
    by_day = commits(upstream)
    assert len(by_day[date(2025, 3, 3)]) == 2
    assert date(2024, 8, 15) not in by_day
    assert date(2025, 6, 4) not in by_day


def test_a_file_lies_elsewhere_and_answers_ranges(upstream: Upstream) -> None:
    found = metadata(upstream, commits(upstream)[date(2026, 1, 7)][0])
    assert found.location.startswith("http://localhost:"), "not the Hub's host: no token may go there"
    whole = CLIENT.get(found.location).content
    assert len(whole) == found.size
    part = CLIENT.get(found.location, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole)}"
    assert CLIENT.get(found.location.split("?")[0]).status_code == 403, "the address is signed"


def test_revisions_have_the_columns_of_their_time(upstream: Upstream, tmp_path) -> None:
    first = columns(upstream, date(2024, 12, 25), tmp_path)
    assert {"_id", "id", "downloads", "tags"} <= set(first)
    assert not {"downloadsAllTime", "baseModels", "gated", "usedStorage"} & set(first)
    assert "downloadsAllTime" in columns(upstream, date(2025, 2, 27), tmp_path)
    assert "baseModels" in columns(upstream, date(2025, 7, 1), tmp_path)


def test_a_day_whose_file_was_committed_again_has_the_etag_of_the_day_before(upstream: Upstream) -> None:
    by_day = commits(upstream)
    etags = [metadata(upstream, by_day[date(2025, 9, day)][0]).etag for day in (2, 3, 4)]
    assert etags[0] == etags[1] != etags[2]


def test_a_revision_shows_the_listing_of_its_day(upstream: Upstream, tmp_path) -> None:
    path = tmp_path / "models.parquet"
    path.write_bytes(CLIENT.get(metadata(upstream, commits(upstream)[date(2026, 1, 14)][0]).location).content)
    listed = next(iter(HfApi(endpoint=upstream.url, token=False).list_models(sort="downloads", limit=1)))
    with duckdb.connect() as connection:
        biggest = connection.execute(
            f"select id, downloads from '{path}' order by downloads desc limit 1"
        ).fetchall()
    assert biggest == [(listed.id, listed.downloads)]


def test_a_dataset_that_was_taken_down_is_not_found(upstream: Upstream) -> None:
    upstream.archive.is_taken_down = True
    try:
        with pytest.raises(RepositoryNotFoundError):
            commits(upstream)
    finally:
        upstream.archive.is_taken_down = False
