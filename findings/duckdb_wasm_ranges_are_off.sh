#!/bin/sh
# DuckDB-Wasm and a file at an address: does it fetch the parts that a query reads, or the whole file?
#
# Seen with @duckdb/duckdb-wasm 1.32.0 (DuckDB 1.4.3) in Chromium 150: by default the whole file, from a host that
# sends parts as well. With `filesystem: { forceFullHTTPReads: false }` of `open` it asks for parts. The types of the
# package name that option, "Force use of full HTTP reads, suppressing range requests", and not that it is on.
#
# Needs chromium, npm and python3. Output seen:
#   {} whole file
#   {"filesystem":{"forceFullHTTPReads":false}} parts
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --ignore-scripts --no-audit --no-fund --silent @duckdb/duckdb-wasm@1.32.0 apache-arrow@17.0.0
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.1 2> pip || { cat pip >&2; exit 1; }
cat > try.js <<'END_OF_SCRIPT'
(async () => {
  const { AsyncDuckDB, DuckDBDataProtocol, VoidLogger } = module.exports;
  const dist = `${location.origin}/node_modules/@duckdb/duckdb-wasm/dist`;
  for (const config of [{}, { filesystem: { forceFullHTTPReads: false } }]) {
    const duckdb = new AsyncDuckDB(new VoidLogger(), new Worker(`${dist}/duckdb-browser-eh.worker.js`));
    await duckdb.instantiate(`${dist}/duckdb-eh.wasm`);
    await duckdb.open(config);
    await duckdb.registerFileURL("a.duckdb", `${location.origin}/a.duckdb`, DuckDBDataProtocol.HTTP, false);
    await (await duckdb.connect()).query("attach 'a.duckdb' as a (read_only); select max(number) from a.numbers");
    await fetch(`/told?${encodeURIComponent(JSON.stringify(config))}`);
  }
})();
END_OF_SCRIPT
cat > try.py <<'END_OF_PROGRAM'
import http.server, pathlib, re, subprocess, tempfile, threading, urllib.parse

import duckdb

with duckdb.connect("a.duckdb", config={"storage_compatibility_version": "v1.2.0"}) as connection:
    connection.execute("create table numbers as select hash(range) as number, range as other from range(500000)")
told, sizes = [], []
done = threading.Event()
PAGE = b"""<link rel=icon href="data:,"><script src=node_modules/apache-arrow/Arrow.es2015.min.js></script>
<script>module = { exports: {} }; require = () => Arrow;</script>
<script src=node_modules/@duckdb/duckdb-wasm/dist/duckdb-browser.cjs></script><script src=try.js></script>"""


class Host(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        path, _, query = self.path.partition("?")
        content = PAGE if path == "/" else b"" if path == "/told" else pathlib.Path(self.translate_path(path))
        content = content if isinstance(content, bytes) else content.read_bytes()
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        part = content[int(asked[1]) : int(asked[2] or len(content) - 1) + 1] if asked else content
        self.send_response(206 if asked else 200)
        self.send_header("Content-Type", "text/html" if path == "/" else self.guess_type(path))
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(part)
        if path == "/a.duckdb" and self.command == "GET":
            sizes.append(len(part) == len(content))
        if path == "/told":
            told.append(f"{urllib.parse.unquote(query)} {'whole file' if any(sizes) else 'parts'}")
            sizes.clear()
            if len(told) == 2:
                done.set()

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


host = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Host)
threading.Thread(target=host.serve_forever, daemon=True).start()
with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
    flags = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--remote-debugging-port=0"]
    browser = subprocess.Popen(
        ["chromium", *flags, f"http://127.0.0.1:{host.server_port}/"], stderr=subprocess.DEVNULL
    )
    done.wait(120)
    browser.terminate()
    browser.wait()
print(*told, sep="\n")
END_OF_PROGRAM
.venv/bin/python try.py > seen
cat seen
printf '{} whole file\n{"filesystem":{"forceFullHTTPReads":false}} parts\n' | cmp - seen
