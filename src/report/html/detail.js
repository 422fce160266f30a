// One finding: its switch or its path, its source with the evidence, why, and how to fix it.

const lineOf = new Map();

// The text of a line, if the page has it.
function line(file, number) {
  let lines = lineOf.get(file);
  if (!lines) {
    lines = new Map();
    for (const [first, text] of data.files[file].blocks) text.split("\n").forEach((line, i) => lines.set(first + i, line));
    lineOf.set(file, lines);
  }
  return lines.get(number);
}

const CONTEXT = 4;
const NEAR = 1;
const SPAN_LINES = 6;

// Marks by file: what to underline, and what to say below it.
function marks(finding) {
  const all = [{ file: finding.file, at: finding.at, text: finding.label, kind: "primary" }];
  for (const [file, at, text] of finding.related ?? []) all.push({ file, at, text, kind: "secondary" });
  (finding.flow ?? []).forEach(([file, at, text], i) => all.push({ file, at, text: `${i + 1}. ${text}`, kind: "secondary" }));
  const files = new Map();
  for (const mark of all) files.set(mark.file, [...(files.get(mark.file) ?? []), mark]);
  return files;
}

// C's words, comments and strings, lightly: enough to find one's way.
const TOKENS = /(\/\/.*$|\/\*.*?(?:\*\/|$))|("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?)|(^\s*#\s*\w+)|\b(if|else|for|while|do|switch|case|default|break|continue|return|goto|sizeof|struct|union|enum|typedef|static|const|void|int|char|unsigned|signed|long|short|float|double|extern|inline|volatile)\b/g;
const CLASSES = ["comment", "string", "directive", "word"];

// The stretches of equal values between two indices.
function runs(values, from, to) {
  const all = [];
  for (let i = from; i < to; i += 1) {
    if (all.length && all.at(-1)[0] === values[i]) all.at(-1)[2] = i + 1;
    else all.push([values[i], i, i + 1]);
  }
  return all;
}

function codeLine(text, spans) {
  const characters = Array.from(text);
  const looks = characters.map(() => "");
  let at = 0;
  const offsets = new Map();
  characters.forEach((c, i) => {
    offsets.set(at, i);
    at += c.length;
  });
  for (const match of text.matchAll(TOKENS)) {
    const kind = CLASSES[match.slice(1).findIndex((group) => group !== undefined)];
    const from = offsets.get(match.index);
    const length = Array.from(match[0]).length;
    for (let i = from; i < from + length; i += 1) looks[i] = kind;
  }
  const marked = characters.map((_, i) => {
    const inside = spans.filter(({ from, to }) => i >= from && i < to);
    return inside.some((span) => span.kind === "primary") ? "primary" : inside.length ? "secondary" : "";
  });
  return runs(marked, 0, marked.length).map(([mark, from, to]) => {
    const parts = runs(looks, from, to).map(([look, from, to]) => {
      const part = characters.slice(from, to).join("");
      return look ? el("span", { class: look }, part) : part;
    });
    return mark ? el("mark", { class: mark }, parts) : parts;
  });
}

function excerpt(file, marked) {
  const wanted = new Set();
  for (const { at, kind } of marked) {
    const around = kind === "primary" ? CONTEXT : NEAR;
    const end = Math.min(at[2], at[0] + SPAN_LINES) + around;
    for (let n = at[0] - around; n <= end; n += 1) if (line(file, n) !== undefined) wanted.add(n);
  }
  const numbers = [...wanted].sort((a, b) => a - b);
  // A gap of two lines is no larger than what would stand for it.
  for (let i = numbers.length - 1; i > 0; i -= 1) {
    const gap = numbers[i] - numbers[i - 1];
    if (gap > 1 && gap <= 3) for (let n = numbers[i - 1] + 1; n < numbers[i]; n += 1) if (line(file, n) !== undefined) numbers.push(n);
  }
  numbers.sort((a, b) => a - b);
  const rows = [];
  numbers.forEach((n, i) => {
    if (i > 0 && n > numbers[i - 1] + 1) rows.push(el("div", { class: "gap" }, "⋯"));
    const here = marked.filter(({ at }) => at[0] <= n && n <= at[2]);
    const indent = line(file, n).search(/\S|$/);
    const spans = here.map(({ at, kind }) => ({ kind, from: at[0] === n ? at[1] - 1 : indent, to: at[2] === n ? at[3] - 1 : Infinity }));
    const begun = marked.filter(({ at }) => at[0] === n);
    const row = el("div", { class: begun.some((m) => m.kind === "primary") ? "line here" : "line" });
    row.append(el("span", { class: "number" }, String(n)), el("code", {}, codeLine(line(file, n), spans)));
    rows.push(row);
    for (const { text, kind } of begun) if (text) rows.push(el("div", { class: `say ${kind}` }, prose(text)));
  });
  if (!numbers.length) rows.push(el("div", { class: "gap" }, "no excerpt"));
  return el("section", { class: "source" }, el("h3", { class: "path" }, data.files[file].path), el("div", { class: "code", tabindex: "0" }, rows));
}

function flowList(finding) {
  const steps = finding.flow.map(([file, at, text]) =>
    el("li", {}, el("span", {}, prose(text)), el("code", { class: "where" }, `${data.files[file].path}:${at[0]}`), el("code", { class: "what" }, (line(file, at[0]) ?? "").trim())),
  );
  return el("section", {}, el("h3", {}, "The way of the bytes"), el("ol", { class: "flow" }, steps));
}

function fixList(finding) {
  const items = finding.fixes.map((fix) => {
    const lines = fix.edits.map(([file, at, text]) => {
      const where = `${data.files[file].path === data.files[finding.file].path ? "line" : data.files[file].path} ${at[0]}`;
      const added = text.trim();
      const old = at[0] === at[2] && at[3] > at[1] ? Array.from(line(file, at[0]) ?? "").slice(at[1] - 1, at[3] - 1).join("") : "";
      return el("div", { class: "edit" }, el("span", { class: "quiet" }, where), old ? el("del", {}, old) : "", added ? el("ins", {}, added) : "");
    });
    const safe = fix.safe ? "safe to apply" : "to be read before it is applied";
    return el("li", {}, prose(fix.what), el("small", {}, ` (${safe})`), lines);
  });
  return el("section", {}, el("h3", {}, "How to fix it"), el("ul", { class: "fixes" }, items));
}

// The Markdown that rule pages use: headings, paragraphs, lists, tables as text, fenced code.
function markdown(text) {
  const blocks = [];
  const lines = text.split("\n");
  const plain = (words) => prose(words.replace(/\[([^\]]+)\]\([^)]*\)/g, "$1").replace(/\*\*([^*]+)\*\*/g, "$1").replace(/\\([\\`*_|])/g, "$1"));
  for (let i = 0; i < lines.length; i += 1) {
    const line = lines[i];
    if (line.startsWith("```")) {
      const code = [];
      for (i += 1; i < lines.length && !lines[i].startsWith("```"); i += 1) code.push(lines[i].replace(/\s*\/\/ ~ .*$/, ""));
      const kind = line.includes("bad") ? "reported" : line.includes("good") ? "not reported" : undefined;
      blocks.push(el("figure", { class: "example" }, kind ? el("figcaption", {}, kind) : undefined, el("pre", { tabindex: "0" }, el("code", {}, code.join("\n")))));
    } else if (/^#+ /.test(line)) {
      blocks.push(el("h4", {}, line.replace(/^#+ /, "")));
    } else if (line.startsWith("|")) {
      const rows = [];
      for (; i < lines.length && lines[i].startsWith("|"); i += 1) if (!/^[|\s:-]+$/.test(lines[i])) rows.push(lines[i].split("|").slice(1, -1));
      i -= 1;
      blocks.push(el("table", {}, rows.map((cells) => el("tr", {}, cells.map((cell) => el("td", {}, plain(cell.trim())))))));
    } else if (/^\s*[-*] /.test(line)) {
      const items = [];
      for (; i < lines.length && lines[i].trim(); i += 1) {
        if (/^\s*[-*] /.test(lines[i])) items.push(lines[i].replace(/^\s*[-*] /, ""));
        else items[items.length - 1] += ` ${lines[i].trim()}`;
      }
      blocks.push(el("ul", {}, items.map((item) => el("li", {}, plain(item)))));
    } else if (line.trim()) {
      const words = [];
      for (; i < lines.length && lines[i].trim() && !/^(```|#|\||\s*[-*] )/.test(lines[i]); i += 1) words.push(lines[i].trim());
      i -= 1;
      blocks.push(el("p", {}, plain(words.join(" "))));
    }
  }
  return blocks;
}

function detail(finding) {
  const rule = data.rules[finding.rule];
  const place = `${data.files[finding.file].path}:${finding.at[0]}:${finding.at[1]}`;
  const help = el("details", { class: "help" }, el("summary", {}, `About ${rule.id}`));
  help.addEventListener("toggle", () => help.childElementCount === 1 && help.append(...markdown(rule.page)));
  return [
    el("p", { class: "kicker" }, el("span", { class: `badge ${finding.confidence}` }, finding.confidence), el("code", {}, rule.id), finding.function ? el("span", {}, "in ", el("code", {}, finding.function)) : ""),
    el("h2", {}, prose(finding.message)),
    el("p", { class: "place" }, el("code", {}, place)),
    finding.circuit ? circuitFigure(finding.circuit) : undefined,
    finding.flow ? flowList(finding) : undefined,
    [...marks(finding)].map(([file, marked]) => excerpt(file, marked)),
    finding.notes ? el("section", {}, el("h3", {}, "Why it is thought so"), el("ul", {}, finding.notes.map((note) => el("li", {}, prose(note))))) : undefined,
    finding.fixes ? fixList(finding) : undefined,
    help,
    el("p", { class: "quiet print" }, `fingerprint ${finding.id}`),
  ];
}
