"""The services of deploy/compose.yaml as processes of this machine, each with a DAGSTER_HOME of its own.

Belongs here: starting, killing and asking them; what they are given is deploy/dagster.yaml,
deploy/workspace.yaml and deploy/daemon.py as they are, but for how often run monitoring looks, and a port.
Does not belong here: claims.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dagster as dg
import yaml
from dagster._core.instance.ref import InstanceRef
from dagster_graphql import DagsterGraphQLClient

from tests.deploy.engine import Engine
from tests.deploy.postgres import free_port

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
LOCATION = "dagster_project.definitions"
SCHEDULE = "daily_at_six"
LOOKS_EVERY = 2  # seconds, instead of the 30 of deploy/dagster.yaml
STARTS_WITHIN = 240  # seconds, on a machine that is busy with other tests
# deploy/compose.yaml gives them from the user's environment
SETTINGS = ("HF_TOKEN", "OPENROUTER_API_KEY", "HUB_SCOPE", "HUB_TOP", "HUB_CENSUS_WEEKDAY")


class Deployment:
    """A code server, a webserver, daemons, and an engine that starts the runs."""

    def __init__(self, folder: Path, database: Mapping[str, str], settings: Mapping[str, str]) -> None:
        self.folder = folder
        self.code_port, self.web_port = free_port(), free_port()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        # the image has the project, its programs and the data home
        outside = ("DAGSTER", "HF_", "HUB_", "OPENROUTER_", "MODELTIDE_")
        self.image = {name: value for name, value in os.environ.items() if not name.startswith(outside)}
        self.image |= {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "ignore",
            "DAGSTER_DISABLE_TELEMETRY": "yes",
            "MODELTIDE_HOME": str(folder / "data"),
            **{name: value for name, value in settings.items() if name not in SETTINGS},
            "DAGSTER_HOME": str(self._home("run")),
        }
        self.given = {
            **dict.fromkeys(SETTINGS, ""),
            **settings,
            **database,
            "MODELTIDE_CODE_HOST": "127.0.0.1",
        }
        self.engine = Engine(self.image, ROOT, folder / "runs.log")
        workspace = yaml.safe_load((DEPLOY / "workspace.yaml").read_text(encoding="utf-8"))
        workspace["load_from"][0]["grpc_server"]["port"] = self.code_port
        self.workspace = folder / "workspace.yaml"
        self.workspace.write_text(yaml.safe_dump(workspace))

    def _home(self, name: str) -> Path:
        home = self.folder / name
        home.mkdir(parents=True)
        instance = yaml.safe_load((DEPLOY / "dagster.yaml").read_text(encoding="utf-8"))
        instance["run_monitoring"]["poll_interval_seconds"] = LOOKS_EVERY
        (home / "dagster.yaml").write_text(yaml.safe_dump(instance))
        return home

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def _start(self, name: str, *command: str) -> None:
        home = self.folder / name if (self.folder / name).exists() else self._home(name)
        added = {"DAGSTER_HOME": str(home), "DOCKER_HOST": self.engine.host}
        with open(self.folder / f"{name}.log", "ab") as output:
            self.processes[name] = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**self.image, **self.given, **added},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def start_code(self) -> None:
        self.given["DAGSTER_CURRENT_IMAGE"] = "model-tide:local"
        where = ("-h", "127.0.0.1", "-p", str(self.code_port))
        self._start("code", "dagster", "api", "grpc", "-m", LOCATION, *where, "--location-name", LOCATION)
        self.until(self._is_code_served)

    def _is_code_served(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.code_port)) == 0

    def start_webserver(self) -> None:
        where = ("-h", "127.0.0.1", "-p", str(self.web_port))
        self._start("webserver", "dagster-webserver", "-w", str(self.workspace), *where)

    def start_daemon(self, name: str) -> None:
        self._start(name, str(DEPLOY / "daemon.py"), "run", "-w", str(self.workspace))

    def is_waiting(self, name: str) -> bool:
        """Whether a daemon waits for the other one, by the last that it said of that."""
        return self.log(name).rfind("Another daemon works") > self.log(name).rfind("The only daemon")

    def kill(self, name: str) -> None:
        process = self.processes.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def close(self) -> None:
        for name in list(self.processes):
            self.kill(name)
        self.engine.close()

    # ---- the webserver, as its page and its clients ask it

    def client(self) -> DagsterGraphQLClient:
        def is_loaded() -> bool:
            said = self.ask(
                "{workspaceOrError{...on Workspace{locationEntries{locationOrLoadError{__typename}}}}}"
            )
            assert "PythonError" not in said, said
            return "RepositoryLocation" in said

        self.until(is_loaded)
        return DagsterGraphQLClient("127.0.0.1", port_number=self.web_port)

    def ask(self, query: str) -> str:
        address = f"http://127.0.0.1:{self.web_port}/graphql"
        body = json.dumps({"query": query}).encode()
        try:
            asked = urllib.request.Request(address, body, {"Content-Type": "application/json"})
            with urllib.request.urlopen(asked, timeout=30) as answer:
                return str(answer.read().decode())
        except OSError:
            return ""

    def queue(self, job: str, day: str) -> str:
        tags = {"dagster/partition": day}
        return str(
            self.client().submit_job_execution(job, LOCATION, "__repository__", run_config={}, tags=tags)
        )

    def until(self, happened: Callable[[], Any], seconds: float = STARTS_WITHIN) -> Any:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := happened():
                return found
            ended = [name for name, process in self.processes.items() if process.poll() is not None]
            assert not ended, "\n".join(f"{name} ended: {self.log(name)[-2000:]}" for name in ended)
            time.sleep(0.2)
        logs = {path.stem: self.log(path.stem)[-1500:] for path in self.folder.glob("*.log")}
        raise AssertionError(
            "\n".join(["it did not happen", *(f"-- {n}\n{text}" for n, text in logs.items())])
        )


@contextmanager
def record(deployment: Deployment) -> Iterator[dg.DagsterInstance]:
    """What Dagster keeps, read here as any of its processes reads it; the variables must be set."""
    with dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(deployment.folder / "run"))) as instance:
        yield instance
