"use strict";

// Draws the charts, and does what the switches, the tables' heads and the copy buttons say.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  // errors only (1): a warning says that no milestone is left by the definition that was picked
  const options = { logLevel: 1, renderer: "svg", actions: false, ast: true, tooltip: { theme: "custom" } };

  const sections = [...document.querySelectorAll("section.story")];
  for (const section of sections) {
    section.views = [];
    for (const input of section.querySelectorAll("[data-switch], .select select")) {
      input.addEventListener("change", () => choose(section));
    }
    section.querySelectorAll(".copy").forEach((button) => button.addEventListener("click", () => copy(button)));
    section.querySelectorAll("table").forEach(sortable);
  }

  function picked(section) {
    const choice = {};
    for (const input of section.querySelectorAll("[data-switch]:checked")) {
      choice[input.dataset.switch] = input.value;
    }
    for (const select of section.querySelectorAll(".select select")) choice[select.name] = select.value;
    return choice;
  }

  function key(section) {
    const choice = picked(section);
    const controls = [...section.querySelectorAll(".switches > *")];
    return controls
      .map((control) => control.querySelector("select")?.name ?? control.querySelector("input").dataset.switch)
      .map((name) => choice[name])
      .join("|");
  }

  async function choose(section) {
    const { findings, reasons, details, topic } = data[section.id];
    const at = key(section);
    const reason = reasons[at] ?? reasons[""] ?? "";
    section.querySelector("h2").textContent = findings[at] ?? findings[""] ?? topic;
    const said = section.querySelector(".reason");
    said.textContent = reason;
    said.hidden = !reason;
    const detail = section.querySelector(".detail");
    if (detail) detail.textContent = details[at] ?? "";
    const panels = section.querySelector(".panels");
    if (panels) panels.hidden = Boolean(reason);
    for (const view of section.views) {
      for (const [name, value] of Object.entries(picked(section))) {
        if (`pick_${name}` in view.getState().signals) view.signal(`pick_${name}`, value);
      }
      await view.resize().runAsync();
    }
  }

  async function draw(element) {
    const section = element.closest("section");
    const { spec, datasets } = data[section.id].specs[element.dataset.panel];
    const unpacked = Object.fromEntries(Object.entries(said(datasets)).map(([name, packed]) => [name, rows(packed)]));
    const { view } = await vegaEmbed(element, { ...said(spec), datasets: unpacked }, options);
    section.views.push(view);
  }

  // on the site, what several pages draw has a file of its own, and a name here
  function said(part) {
    return typeof part === "string" ? window.shared[part] : part;
  }

  // rows of columns, as page.py packs them
  function rows(packed) {
    const columns = Object.entries(packed).map(([name, all]) => [
      name, all.texts ? [...all.at].map((letter) => all.texts[letter.charCodeAt(0) - 65]) : all,
    ]);
    return (columns[0]?.[1] ?? []).map((_, i) => Object.fromEntries(columns.map(([name, all]) => [name, all[i]])));
  }

  function sortable(table) {
    const body = table.tBodies[0];
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      head.firstElementChild.addEventListener("click", () => {
        const isUp = head.getAttribute("aria-sort") !== "ascending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", isUp ? "ascending" : "descending");
        const isNumber = head.classList.contains("number");
        const rows = [...body.rows].sort((one, two) => {
          const [a, b] = [one.cells[column].dataset.sort, two.cells[column].dataset.sort];
          if (a === "" || b === "") return (a === "") - (b === ""); // missing stays last
          const order = isNumber ? Number(a) - Number(b) : a.localeCompare(b);
          return isUp ? order : -order;
        });
        body.append(...rows);
      });
    });
  }

  async function copy(button) {
    const code = button.parentElement.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch { // no clipboard for this page: the text is selected, one key copies it
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
    setTimeout(() => (button.textContent = "Copy"), 1500);
  }

  function theme(value) {
    if (value === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = value;
  }

  const remembered = (() => {
    try { return localStorage.getItem("theme"); } catch { return null; }
  })();
  for (const input of document.querySelectorAll("[name=theme]")) {
    if (input.value === remembered) input.checked = true;
    input.addEventListener("change", () => {
      theme(input.value);
      try { localStorage.setItem("theme", input.value); } catch { /* a page from a file may keep nothing */ }
    });
  }
  theme(document.querySelector("[name=theme]:checked").value);

  (async () => {
    for (const element of document.querySelectorAll(".chart")) {
      try {
        await draw(element);
      } catch (error) {
        element.textContent = `This chart could not be drawn: ${error.message}`;
        console.error(error);
      }
    }
    document.documentElement.dataset.drawn = "yes";
  })();
})();
