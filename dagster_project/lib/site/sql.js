// The page's behaviour: the engine, a query at a time, its result as a table and as CSV, the query in the address.
const { AsyncDuckDB, DuckDBDataProtocol, VoidLogger } = globalThis.module.exports;
const SHOWN = 1000; // rows; the CSV has all
const NAME = "modeltide.duckdb";
const CSV = "result.csv";
const at = (id) => document.getElementById(id);
const page = at("ask");
const address = (path) => new URL(path, document.baseURI).href;
let engine = null; // a promise of the running engine
let turn = 0; // of the query that was asked last; an answer to an earlier one is not shown

function say(text) {
  at("status").textContent = text;
}

function busy(is) {
  page.setAttribute("aria-busy", String(is));
  at("stop").disabled = !is;
}

async function unpacked() {
  const answer = await fetch(address(page.dataset.wasm));
  if (!answer.ok) throw new Error(`The engine could not be fetched: ${answer.status} ${answer.statusText}`);
  const wasm = await new Response(answer.body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  return URL.createObjectURL(new Blob([wasm], { type: "application/wasm" }));
}

// A worker from the site would have no policy of its own; one from a blob has that of the page.
function worker() {
  const script = `importScripts(${JSON.stringify(address(page.dataset.worker))})`;
  return new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
}

async function start() {
  const duckdb = new AsyncDuckDB(new VoidLogger(), worker());
  await duckdb.instantiate(await unpacked());
  // by default the whole file is fetched, also from a host that can send a part
  await duckdb.open({ filesystem: { forceFullHTTPReads: false } });
  const { HTTP } = DuckDBDataProtocol;
  await duckdb.registerFileURL(NAME, address(page.dataset.file), HTTP, false);
  const connection = await duckdb.connect();
  await connection.query(
    "set autoinstall_known_extensions = false; set autoload_known_extensions = false;" +
      `attach '${NAME}' as modeltide (read_only); use modeltide`,
  );
  return { duckdb, connection };
}

function started() {
  engine ??= start().catch((error) => {
    engine = null;
    throw error;
  });
  return engine;
}

const quoted = (text) => `'${text.replaceAll("'", "''")}'`;

// Every value is text as DuckDB writes it: a browser's numbers end at 2^53.
async function answered(sql) {
  const { connection } = await started();
  say("Running …");
  await (await connection.prepare(sql)).close(); // for an error that shows the place in the reader's own text
  const begun = performance.now();
  await connection.query(`create or replace temp table result as from query(${quoted(sql)})`);
  const milliseconds = Math.round(performance.now() - begun);
  const columns = await connection.query(
    "select column_name, data_type from duckdb_columns() where database_name = 'temp' and table_name = 'result' " +
      "order by column_index",
  );
  const cells = await connection.query(`select cast(columns(*) as varchar) from temp.result limit ${SHOWN}`);
  const [counted] = (await connection.query("select count(*)::varchar as rows from temp.result")).toArray();
  return { columns: columns.toArray(), cells, rows: Number(counted.rows), milliseconds };
}

function element(name, text, values = {}) {
  return Object.assign(document.createElement(name), { textContent: text, ...values });
}

const SHORT = /^(DATE|TIME.*|BOOLEAN)$/;
const NUMBERS = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL.*)$/;

function table({ columns, cells, rows, milliseconds }) {
  const shown = Math.min(rows, SHOWN);
  const first = rows > shown ? ` The first ${shown.toLocaleString("en")} are shown; the CSV has all.` : "";
  const sentence = `${rows.toLocaleString("en")} ${rows === 1 ? "row" : "rows"} in ${milliseconds} ms.${first}`;
  const kinds = columns.map(({ data_type: type }) =>
    NUMBERS.test(type) ? "number" : SHORT.test(type) ? "short" : "words",
  );
  const head = document.createElement("tr");
  columns.forEach((column, index) => {
    const cell = element("th", column.column_name, { scope: "col", className: kinds[index] });
    cell.append(element("span", column.data_type.toLowerCase(), { className: "type" }));
    head.append(cell);
  });
  const body = document.createElement("tbody");
  const values = columns.map((_, index) => cells.getChildAt(index));
  for (let row = 0; row < shown; row++) {
    const line = body.insertRow();
    values.forEach((column, index) => {
      const value = column.get(row);
      line.append(element("td", value ?? "NULL", { className: value === null ? "null" : kinds[index] }));
    });
  }
  const made = document.createElement("table");
  made.append(element("caption", sentence, { className: "unseen" }), document.createElement("thead"), body);
  made.tHead.append(head);
  return { made, sentence };
}

// The engine shows the place of an error twice.
const once = (text) => text.trim().replace(/(\n\nLINE [^]+)\1$/, "$1");

async function run(sql) {
  const mine = ++turn;
  at("error").textContent = "";
  at("result").replaceChildren();
  at("csv").disabled = true;
  busy(true);
  say("Loading the engine …");
  try {
    const answer = await answered(sql);
    if (mine !== turn) return;
    const { made, sentence } = table(answer);
    at("result").replaceChildren(made);
    at("csv").disabled = false;
    say(sentence);
  } catch (error) {
    if (mine !== turn) return;
    at("error").textContent = once(error.message);
    say("");
  }
  busy(false);
}

const fragment = (sql) => `#${new URLSearchParams({ sql })}`;
const asked = () => new URLSearchParams(location.hash.slice(1)).get("sql");

function submit() {
  const sql = at("sql").value;
  if (sql !== asked()) history.pushState(null, "", fragment(sql));
  run(sql);
}

function fromAddress() {
  const sql = asked();
  if (sql === null) return false;
  at("sql").value = sql;
  run(sql);
  return true;
}

async function copyAddress() {
  history.replaceState(null, "", fragment(at("sql").value));
  try {
    await navigator.clipboard.writeText(location.href);
    say("The address of this query is copied.");
  } catch {
    say("The browser lets no page copy here. The query is in the address bar.");
  }
}

async function download() {
  const { duckdb, connection } = await started();
  await duckdb.registerEmptyFileBuffer(CSV);
  await connection.query(`copy temp.result to '${CSV}' (header)`);
  const content = await duckdb.copyFileToBuffer(CSV);
  await duckdb.dropFile(CSV);
  const url = URL.createObjectURL(new Blob([content], { type: "text/csv" }));
  element("a", "", { href: url, download: "modeltide.csv" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

// A query that does not end: its worker is ended, and the next one starts another.
async function stop() {
  turn++;
  const running = engine;
  engine = null;
  busy(false);
  say("Stopped.");
  await (await running)?.duckdb.terminate();
}

at("run").addEventListener("click", submit);
at("stop").addEventListener("click", stop);
at("copy").addEventListener("click", copyAddress);
at("csv").addEventListener("click", download);
at("sql").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  submit();
});
at("example").addEventListener("change", (event) => {
  const chosen = event.target.selectedOptions[0];
  at("sql").value = chosen.dataset.sql ?? "";
  at("about-example").textContent = chosen.dataset.cut ?? "";
});
addEventListener("hashchange", fromAddress);
if (!fromAddress()) {
  started().then(() => say("Ready."), (error) => (at("error").textContent = error.message));
}
