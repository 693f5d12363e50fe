"""The files of deploy/ fit to each other, the product and what Dagster documents. Nothing is started."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster._config import validate_config
from dagster._core.instance.config import dagster_instance_config_schema

from dagster_project.definitions import defs
from dagster_project.defs.resources import WRITER
from dagster_project.lib.checkout import PROJECT
from dagster_project.lib.settings import Settings
from tests.test_repository import Asked, anchors_of, links_of

DEPLOY = PROJECT / "deploy"
OURS = yaml.safe_load((PROJECT / "dagster_project" / "dagster.yaml").read_text(encoding="utf-8"))
INSTANCE = yaml.safe_load((DEPLOY / "dagster.yaml").read_text(encoding="utf-8"))
COMPOSE_TEXT = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load(COMPOSE_TEXT)
VALUES = yaml.safe_load((DEPLOY / "values.yaml").read_text(encoding="utf-8"))
DOCUMENTED = yaml.safe_load((PROJECT / "tests" / "deploy" / "helm_keys.yaml").read_text(encoding="utf-8"))


def test_every_asset_is_in_the_pool_of_the_one_writer() -> None:
    nodes = defs().resolve_asset_graph()
    keys = nodes.materializable_asset_keys
    assert keys
    for key in keys:
        assert nodes.assets_def_for_key(key).op.pool == WRITER, key


def test_a_second_writer_waits_in_the_queue_and_not_on_a_machine() -> None:
    assert INSTANCE["concurrency"] == {"pools": {"default_limit": 1, "granularity": "run"}}
    assert VALUES["additionalInstanceConfig"]["concurrency"] == INSTANCE["concurrency"]


def test_what_is_not_about_machines_is_as_in_the_products_own_instance() -> None:
    for key in ("telemetry", "nux", "python_logs", "run_retries", "retention"):
        assert INSTANCE[key] == OURS[key], key
    assert VALUES["additionalInstanceConfig"]["run_retries"] == OURS["run_retries"]
    assert VALUES["telemetry"] == OURS["telemetry"]
    assert VALUES["pythonLogs"]["managedPythonLoggers"] == OURS["python_logs"]["managed_python_loggers"]
    for kind in ("schedule", "sensor"):
        said = VALUES["retention"][kind]["purgeAfterDays"]
        assert said == OURS["retention"][kind]["purge_after_days"]


@pytest.mark.parametrize("instance", [INSTANCE, VALUES["additionalInstanceConfig"]], ids=["compose", "helm"])
def test_dagster_takes_the_instance(instance: dict[str, Any]) -> None:
    result = validate_config(dagster_instance_config_schema(), instance)
    assert result.success, result.errors


def environment_of(service: str) -> set[str]:
    return set(COMPOSE["services"][service]["environment"])


def test_a_run_is_given_what_the_daemon_has() -> None:
    given = INSTANCE["run_launcher"]["config"]["env_vars"]
    assert set(given) | {"MODELTIDE_CODE_HOST"} == environment_of("daemon")
    named = {one["env"] for one in INSTANCE["storage"]["postgres"]["postgres_db"].values() if "env" in one}
    assert named <= set(given)


def test_the_products_settings_have_its_names_and_defaults() -> None:
    asked = Asked()
    Settings.from_environment(asked)
    of_product = environment_of("code") & asked.names
    outside = {"MODELTIDE_CODE_HOST", "DAGSTER_CURRENT_IMAGE"}
    assert {n for n in environment_of("code") if not n.startswith("DAGSTER_PG_")} - outside == of_product
    defaults = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", COMPOSE_TEXT))
    given = {name: defaults[name] for name in of_product}
    assert Settings.from_environment(given) == Settings.from_environment({})


def test_the_example_names_every_variable_with_its_default() -> None:
    example = dict(
        re.findall(r"^(?:# )?([A-Z_]+)=(.*)$", (DEPLOY / ".env.example").read_text(encoding="utf-8"), re.M)
    )
    assert example.pop("COMPOSE_PROFILES") == COMPOSE["services"]["postgres"]["profiles"][0]
    optional = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", COMPOSE_TEXT))
    required = dict.fromkeys(re.findall(r"\$\{(\w+):\?", COMPOSE_TEXT), "")
    assert example == optional | required


def test_no_secret_has_a_default_and_the_pages_are_for_this_machine_alone() -> None:
    assert not re.findall(r"\$\{\w*(?:PASSWORD|TOKEN|KEY)\w*:-[^}]", COMPOSE_TEXT)
    for name, service in COMPOSE["services"].items():
        for port in service.get("ports", []):
            assert port.startswith(("127.0.0.1:", "${MODELTIDE_CODE_ADDRESS:-127.0.0.1}:")), name
    assert not VALUES["ingress"]["enabled"] and VALUES["dagsterWebserver"]["service"]["type"] == "ClusterIP"


def test_the_launcher_names_networks_and_volumes_that_compose_makes() -> None:
    config = INSTANCE["run_launcher"]["config"]
    assert config["network"] in {one["name"] for one in COMPOSE["networks"].values()}
    named = {one["name"] for one in COMPOSE["volumes"].values()}
    assert {volume.split(":")[0] for volume in config["container_kwargs"]["volumes"]} <= named
    assert config["container_kwargs"]["volumes"] == COMPOSE["services"]["code"]["volumes"]


def test_the_image_is_made_of_what_is_there() -> None:
    copied = re.findall(r"^COPY (.*) \S+$", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"), re.M)
    allowed = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8")
    for source in " ".join(copied).split():
        assert (PROJECT / source).exists() and f"\n!{source}\n" in allowed, source


def test_what_is_in_the_image_is_enough_for_dagster_to_load_the_project(tmp_path: Path) -> None:
    allowed = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8")
    for source in re.findall(r"^!(\S+)$", allowed, re.M):
        copy = shutil.copytree if (PROJECT / source).is_dir() else shutil.copyfile
        copy(PROJECT / source, tmp_path / source)
    load = (
        "from dagster_project.definitions import defs; print(defs().resolve_job_def('daily_snapshot').name)"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "MODELTIDE_HOME": str(tmp_path / "data")}
    said = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", load],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.stdout == "daily_snapshot\n", said.stderr


def test_the_siblings_have_the_number_of_dagster_and_nobody_else_gets_them() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    of_all = dict(one.split("==") for one in project["project"]["dependencies"] if "==" in one)
    siblings = dict(one.split("==") for one in project["dependency-groups"]["deploy"] if "==" in one)
    assert set(siblings.values()) == {of_all["dagster-dbt"]}
    everyones = (PROJECT / "requirements.lock").read_text(encoding="utf-8")
    assert not any(f"\n{name}==" in everyones for name in siblings)
    assert f"--version {of_all['dagster']} " in (DEPLOY / "values.yaml").read_text(encoding="utf-8")


def paths(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each key with the dotted path of the object that it stands in; a list counts as its items."""
    if path in DOCUMENTED["FREE"]:
        return
    for item in value if isinstance(value, list) else [value]:
        for key, below in item.items() if isinstance(item, dict) else ():
            yield path, key
            yield from paths(below, f"{path}.{key}".lstrip("."))


def test_the_values_of_the_chart_are_documented_ones() -> None:
    assert [(path, key) for path, key in paths(VALUES) if key not in DOCUMENTED.get(path, ())] == []
    assert "host" not in DOCUMENTED["postgresql"]  # a word that nobody documents would be found


def test_every_link_of_the_page_leads_somewhere() -> None:
    page = DEPLOY / "README.md"
    for link in links_of(page):
        name, _, anchor = link.partition("#")
        if "://" not in link:
            target = (page.parent / name).resolve() if name else page
            assert target.exists(), link
            assert not anchor or anchor in anchors_of(target), link
