#!/usr/bin/env bash
# huggingface_hub 2.4.0: `hf_hub_download` and `snapshot_download` into a `local_dir` in which the file lies from before
# return that file when the Hub answers the question for it with an error, though a commit is asked for by its hash and
# the file is known (`.cache/huggingface/download/*.metadata`) to be of another one. A warning is logged, nothing is
# raised. Who compares with what lies at the Hub compares with yesterday. An empty folder is the remedy.
# Seen with Python 3.11:
#   of the first commit: first
#   of the second commit, while the Hub answers 500: first
# Ends with 1 if that is no longer so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -qq --disable-pip-version-check huggingface_hub==2.4.0
HF_HOME="$folder/hf" HF_HUB_DISABLE_TELEMETRY=1 "$folder/venv/bin/python" -W ignore - "$folder/files" <<'PYTHON'
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import huggingface_hub

COMMITS = {"1" * 40: b"first", "2" * 40: b"second"}


class Hub(BaseHTTPRequestHandler):
    is_broken = False

    def do_GET(self):
        commit = self.path.split("/resolve/")[1].split("/")[0]
        body = COMMITS[commit]
        self.send_response(500 if Hub.is_broken else 200)
        self.send_header("X-Repo-Commit", commit)
        self.send_header("ETag", f'"{body.hex()}"')
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
Thread(target=server.serve_forever, daemon=True).start()


def downloaded(commit):
    return Path(
        huggingface_hub.hf_hub_download(
            "someone/something", "file.txt", repo_type="dataset", revision=commit, local_dir=sys.argv[1],
            token=False, endpoint=f"http://127.0.0.1:{server.server_port}",
        )
    ).read_text()


first, second = COMMITS
print("of the first commit:", downloaded(first))
Hub.is_broken = True
try:
    found = downloaded(second)
except Exception as error:
    found = type(error).__name__
print("of the second commit, while the Hub answers 500:", found)
print("huggingface_hub", huggingface_hub.__version__, "Python", sys.version.split()[0])
sys.exit(found != "first")
PYTHON
