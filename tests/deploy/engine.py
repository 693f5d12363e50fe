"""The part of Docker's interface that Dagster's run launcher speaks, with processes in place of containers.

Belongs here: create, start, look at and stop. Each "container" is the command that Docker would run, as a
process with the environment that the launcher gives it beside that of the image.
Does not belong here: images, networks and volumes, which stand in every request and are not looked at.
"""

import json
import os
import re
import signal
import subprocess
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

CREATE = re.compile(r"(/v[\d.]+)?/containers/create")
CONTAINER = re.compile(r"(/v[\d.]+)?/containers/(\w+)/(json|start|stop)")


class Container:
    """What was asked for, and its process once it is started."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self.asked = asked
        self.process: subprocess.Popen[bytes] | None = None

    def state(self) -> dict[str, Any]:
        if self.process is None:
            return {"Status": "created", "Running": False, "ExitCode": 0}
        code = self.process.poll()
        return {
            "Status": "running" if code is None else "exited",
            "Running": code is None,
            "ExitCode": code or 0,
        }


class Engine:
    """A server on 127.0.0.1; `image` is the environment that the image brings."""

    def __init__(self, image: Mapping[str, str], folder: Path, log: Path) -> None:
        self.image, self.folder, self.log = dict(image), folder, log
        self.containers: dict[str, Container] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def host(self) -> str:
        return f"tcp://127.0.0.1:{self._server.server_address[1]}"

    def of_run(self, run_id: str) -> Container:
        (found,) = (c for c in self.containers.values() if c.asked["Labels"]["dagster/run_id"] == run_id)
        return found

    def start(self, container: Container) -> None:
        given = dict(pair.split("=", 1) for pair in container.asked["Env"])
        with open(self.log, "ab") as output:
            container.process = subprocess.Popen(
                container.asked["Cmd"],
                cwd=self.folder,
                env={**self.image, **given},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self, container: Container) -> None:
        """As Docker's out-of-memory killer: every process of the container at once."""
        assert container.process
        os.killpg(container.process.pid, signal.SIGKILL)
        container.process.wait()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        for container in self.containers.values():
            if container.process and container.process.poll() is None:
                self.kill(container)


def _handler(engine: Engine) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path.endswith("/version"):
                self._say(200, {"ApiVersion": "1.44"})
            elif (found := CONTAINER.fullmatch(path)) and found[2] in engine.containers:
                container = engine.containers[found[2]]
                self._say(200, {"Id": found[2], "State": container.state(), "Config": container.asked})
            else:
                self._say(404, {"message": f"no {path}"})

        def do_POST(self) -> None:
            path = urlsplit(self.path).path
            said = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if CREATE.fullmatch(path):
                made = os.urandom(32).hex()
                engine.containers[made] = Container(json.loads(said))
                self._say(201, {"Id": made, "Warnings": []})
            elif (found := CONTAINER.fullmatch(path)) and found[2] in engine.containers:
                container = engine.containers[found[2]]
                if found[3] == "start":
                    engine.start(container)
                elif container.process:
                    container.process.terminate()
                self._say(204, None)
            else:
                self._say(404, {"message": f"no {path}"})

        def _say(self, status: int, body: dict[str, Any] | None) -> None:
            text = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *arguments: Any) -> None: ...

    return Handler
