"use strict";
// Everything shown is made here, and all text becomes text nodes: nothing of the data is ever parsed as markup.

const data = JSON.parse(document.getElementById("data").textContent);
data.sections = data.sections.map(([label, line, ending]) => ({ label, line, ending }));
// Indices back to what they stand for.
for (const finding of data.findings) {
  const text = (index) => data.texts[index];
  const place = ([file, at, index]) => [file, at, text(index)];
  for (const key of ["function", "message", "label"]) finding[key] = text(finding[key]);
  finding.related = finding.related?.map(place);
  finding.flow = finding.flow?.map(place);
  finding.notes = finding.notes?.map(text);
  for (const fix of finding.fixes ?? []) Object.assign(fix, { what: text(fix.what), edits: fix.edits.map(place) });
  if (finding.circuit) finding.circuit.sections = finding.circuit.sections.map((index) => data.sections[index]);
}

const byId = (id) => document.getElementById(id);

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, run] of Object.entries(value)) node.addEventListener(event, run);
    else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null));
  return node;
}

const el = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

const plural = (n, noun) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
const RANK = { high: 0, medium: 1, low: 2 };

// Text with `code` in it.
function prose(text) {
  return text.split(/`([^`]+)`/).map((part, i) => (i % 2 ? el("code", {}, part) : part));
}
