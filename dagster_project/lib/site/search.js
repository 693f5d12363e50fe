"use strict";

// The search over the data dictionary: a table stays if it, or one of its columns, has every word.
(() => {
  const field = document.getElementById("search");
  const found = document.getElementById("found");
  const all = [...document.querySelector("main").children];
  const tables = [];
  for (const element of all) {
    if (element.tagName === "H2") tables.push({ parts: [], said: "", rows: [] });
    const table = tables.at(-1);
    if (!table || element.tagName === "H1") continue;
    table.parts.push(element);
    if (element.tagName === "TABLE") table.rows = [...element.tBodies[0].rows];
    else table.said += ` ${element.textContent.toLowerCase()}`;
  }
  const described = new Set(tables.flatMap((table) => table.parts));
  const rest = all.filter((element) => !described.has(element));

  function has(text, words) {
    return words.every((word) => text.includes(word));
  }

  function search() {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let [count, columns] = [0, 0];
    for (const { parts, said, rows } of tables) {
      const isNamed = has(said, words);
      let matching = 0;
      for (const row of rows) {
        const matches = has(`${said} ${row.textContent.toLowerCase()}`, words);
        row.hidden = !matches && !isNamed;
        matching += matches;
      }
      const stays = isNamed || matching > 0;
      for (const part of parts) part.hidden = !stays;
      count += stays;
      columns += matching;
    }
    for (const element of rest) element.hidden = words.length > 0;
    found.textContent = words.length ? `${columns} columns of ${count} tables.` : "";
    const at = words.length ? `?search=${encodeURIComponent(field.value)}` : location.pathname;
    try { history.replaceState(null, "", at + (words.length ? "" : location.hash)); } catch { /* a page from a file */ }
  }

  field.addEventListener("input", search);
  field.form.addEventListener("submit", (event) => event.preventDefault());
  field.value = new URLSearchParams(location.search).get("search") ?? "";
  if (field.value) search();
})();
