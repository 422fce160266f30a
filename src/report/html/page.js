// The list, what it shows, and the keys.

const BATCH = 200;
const list = byId("list");
const pane = byId("detail");
const form = byId("filter");
const wide = matchMedia("(min-width: 62rem)");
const text = data.findings.map((f) => `${f.message}\n${f.function ?? ""}\n${data.files[f.file].path}\n${data.rules[f.rule].id}`.toLowerCase());

let found = [];
let shown = [];
let drawn = 0;
let current = -1;

function state() {
  return {
    text: byId("text").value.trim().toLowerCase(),
    rule: byId("rule").value,
    path: byId("path").value.trim(),
    confidence: new Set([...form.querySelectorAll("[name=confidence]:checked")].map((box) => box.value)),
    order: byId("order").value,
  };
}

const ORDERS = {
  worst: (a, b) => RANK[a.confidence] - RANK[b.confidence],
  path: () => 0,
  rule: (a, b) => a.rule - b.rule || RANK[a.confidence] - RANK[b.confidence],
};

function apply() {
  const wanted = state();
  const words = wanted.text.split(/\s+/).filter(Boolean);
  const elsewhere = (f) => wanted.confidence.has(f.confidence) && (!wanted.rule || data.rules[f.rule].id === wanted.rule);
  found = data.findings.filter((f, i) => elsewhere(f) && words.every((word) => text[i].includes(word)));
  shown = found.filter((f) => data.files[f.file].path.startsWith(wanted.path));
  // The findings come sorted by place, and sorting keeps that among equals.
  shown.sort(ORDERS[wanted.order]);
  byId("shown").textContent = shown.length === data.findings.length ? plural(shown.length, "finding") : `${shown.length.toLocaleString("en")} of ${plural(data.findings.length, "finding")}`;
  list.replaceChildren();
  drawn = 0;
  more();
  drawPlaces();
  for (const button of document.querySelectorAll("[data-rule]")) button.setAttribute("aria-pressed", String(button.dataset.rule === wanted.rule));
  if (shown.length) list.querySelector(".row").tabIndex = 0;
  else list.append(el("p", { class: "empty" }, data.findings.length ? "Nothing fits this filter." : "No findings."));
}

const drawPlaces = () =>
  drawMap(byId("path").value.trim(), found, (path) => {
    byId("path").value = path;
    again();
  });

function again() {
  current = -1;
  apply();
}

function clear() {
  for (const id of ["text", "rule", "path"]) byId(id).value = "";
  for (const box of form.querySelectorAll("[name=confidence]")) box.checked = true;
}

// Rows are made as they come into sight: a page of many thousand findings opens at once.
function more() {
  const end = Math.min(drawn + BATCH, shown.length);
  const rows = [];
  for (; drawn < end; drawn += 1) {
    const finding = shown[drawn];
    const path = data.files[finding.file].path;
    if (drawn === 0 || shown[drawn - 1].file !== finding.file) {
      const cut = path.lastIndexOf("/") + 1;
      rows.push(el("div", { class: "group", role: "presentation" }, path.slice(0, cut), el("strong", {}, path.slice(cut))));
    }
    const at = drawn;
    const label = el("span", { class: "what" }, prose(finding.message), el("small", {}, data.rules[finding.rule].id, finding.function ? ` · ${finding.function}` : ""));
    const dot = el("i", { class: `dot ${finding.confidence}`, title: `${finding.confidence} confidence` });
    const hidden = el("span", { class: "sr" }, `${finding.confidence} confidence, line `);
    rows.push(el("div", { class: "row", role: "option", tabindex: "-1", "aria-selected": "false", "data-at": at, on: { click: () => open(at, true) } }, dot, hidden, el("span", { class: "number" }, String(finding.at[0])), label));
  }
  list.append(...rows, ...(drawn < shown.length ? [sentinel] : []));
}

const sentinel = el("div", { class: "sentinel" }, "…");
new IntersectionObserver((entries) => {
  if (entries.some((entry) => entry.isIntersecting)) {
    sentinel.remove();
    more();
  }
}, { rootMargin: "600px" }).observe(sentinel);

const row = (at) => list.querySelector(`[data-at="${at}"]`);

function open(at, shows) {
  if (at < 0 || at >= shown.length) return;
  while (!row(at)) {
    sentinel.remove();
    more();
  }
  for (const old of list.querySelectorAll("[aria-selected=true], .row[tabindex='0']")) {
    old.setAttribute("aria-selected", "false");
    old.tabIndex = -1;
  }
  current = at;
  const node = row(at);
  node.setAttribute("aria-selected", "true");
  node.tabIndex = 0;
  node.focus({ preventScroll: true });
  node.scrollIntoView({ block: "nearest" });
  if (!shows && !wide.matches) return;
  const back = el("button", { type: "button", class: "back", on: { click: close } }, "← Back to the list");
  pane.replaceChildren(back, ...detail(shown[at]).flat(Infinity).filter(Boolean));
  pane.scrollTop = 0;
  document.body.classList.add("open");
  if (!wide.matches) pane.focus({ preventScroll: true });
  history.replaceState(null, "", `#${encodeURIComponent(shown[at].id)}`);
}

function close() {
  document.body.classList.remove("open");
  row(current)?.focus();
}

// A link to a finding opens it, whatever the filter was.
function followHash() {
  const id = decodeURIComponent(location.hash.slice(1));
  if (!id || !data.findings.some((f) => f.id === id)) return false;
  clear();
  again();
  open(shown.findIndex((f) => f.id === id), true);
  return true;
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input:not([type=checkbox]), select");
  if (event.key === "Escape") {
    if (typing) event.target.blur();
    close();
  } else if (event.ctrlKey || event.metaKey || event.altKey || typing) {
    return;
  } else if (event.key === "/") {
    byId("text").focus();
    event.preventDefault();
  } else if (event.key === "j" || event.key === "k" || (list.contains(event.target) && /^Arrow(Up|Down)$/.test(event.key))) {
    open(event.key === "j" || event.key === "ArrowDown" ? current + 1 : Math.max(0, current - 1), false);
    event.preventDefault();
  } else if (list.contains(event.target) && (event.key === "Enter" || event.key === " ")) {
    open(Number(event.target.dataset.at), true);
    event.preventDefault();
  }
});

for (const { id } of data.rules) byId("rule").append(el("option", { value: id }, id));
for (const button of document.querySelectorAll("[data-rule]")) {
  button.addEventListener("click", () => {
    byId("rule").value = byId("rule").value === button.dataset.rule ? "" : button.dataset.rule;
    again();
  });
}
form.addEventListener("input", again);
form.addEventListener("reset", (event) => {
  event.preventDefault();
  clear();
  again();
});
form.addEventListener("submit", (event) => event.preventDefault());
addEventListener("hashchange", followHash);
addEventListener("resize", drawPlaces);
if (!followHash()) apply();
