// A switch as a board of circuits: each section is a line that leaves the board and should end in the exit rail. The
// one that leaks is drawn in the accent colour.

const ROW = 42;
const BOARD = 18;
const LABEL = BOARD + 28;
const WIDTH = 660;
const RAIL = 560;
const ENDS = 470;
const WAY = {
  break: "to the code behind the switch",
  return: "return",
  goto: "goto",
  continue: "next round",
  falls: "falls into the next section",
  never: "never comes back",
};

function circuitFigure(circuit) {
  const { sections, leak } = circuit;
  const [before, behind] = circuit.left_out;
  const noCase = leak.from === null;
  const top = 34 + (before ? 20 : 0);
  const y = (i) => top + 22 + i * ROW;
  const rows = sections.length + (noCase ? 1 : 0);
  const bottom = y(rows - 1) + 14;
  const height = bottom + (behind ? 26 : 10);
  const text = (x, at, words, attributes = {}) => svg("text", { x, y: at, ...attributes }, words);
  const path = (d, kind) => svg("path", { d, class: kind });
  const jack = (x, at, kind) => svg("circle", { cx: x, cy: at, r: 3.5, class: kind });
  const parts = [
    text(BOARD - 10, 16, `switch (${circuit.operand})`, { class: "strong" }),
    text(RAIL, 16, "behind the switch", { class: "quiet", "text-anchor": "middle" }),
    path(`M${BOARD} 26V${bottom}`, "board"),
    path(`M${RAIL} 26V${bottom}`, "rail"),
  ];
  if (before) parts.push(text(LABEL, 40, `${plural(before, "section")} above`, { class: "quiet" }));
  if (behind) parts.push(text(LABEL, height - 6, `${plural(behind, "section")} below`, { class: "quiet" }));
  const over = [];
  sections.forEach((section, i) => {
    const at = y(i);
    const leaks = leak.from === i;
    const hit = leak.to === i;
    parts.push(jack(BOARD, at, "jack"));
    parts.push(text(LABEL, at - 7, section.label, { class: leaks || hit ? "label strong" : "label" }));
    parts.push(text(WIDTH - 4, at + 4, String(section.line), { class: "quiet", "text-anchor": "end" }));
    if (leaks && leak.to === null) {
      // It leaves for the rail, early or at its end.
      const from = leak.early ? 250 : BOARD;
      if (leak.early) {
        parts.push(path(`M${BOARD} ${at}H${from}`, "line"));
        parts.push(path(`M${from} ${at}H${section.ending === "break" ? RAIL : ENDS}`, "line skipped"));
        parts.push(text(from + 100, at + 14, "skipped", { class: "quiet", "text-anchor": "middle" }));
        over.push(path(`M${from} ${at}C${from + 26} ${at} ${from + 14} ${at - 15} ${from + 46} ${at - 15}H${RAIL - 7}`, "leak"));
        over.push(text(from + 130, at - 19, `leaves at line ${leak.line}`, { class: "accent", "text-anchor": "middle" }));
        over.push(jack(from, at, "hot"));
      } else {
        over.push(path(`M${from} ${at}H${RAIL - 7}`, "leak"));
        over.push(text(ENDS - 60, at - 7, `leaves at line ${leak.line}`, { class: "accent", "text-anchor": "middle" }));
      }
      return;
    }
    if (section.ending === "falls") {
      const kind = leaks ? "leak" : "line falls";
      const next = y(i + 1);
      // Back between the rows to where the next section begins, in front of its label.
      const [turn, back, front] = [ENDS - 40, at + 16, BOARD + 11];
      const d = `M${BOARD} ${at}H${turn}a8 8 0 0 1 0 16H${front + 6}Q${front} ${back} ${front} ${back + 6}V${next - 7}Q${front} ${next} ${front + 7} ${next}h6`;
      if (i + 1 < sections.length) (leaks ? over : parts).push(path(d, kind));
      else parts.push(path(`M${BOARD} ${at}H${ENDS}`, kind), text(ENDS + 6, at + 4, "falls", { class: "quiet" }));
      if (leaks) over.push(text(ENDS - 22, at + 12, "falls through", { class: "accent" }));
    } else if (section.ending === "break") {
      parts.push(path(`M${BOARD} ${at}H${RAIL}`, "line"), jack(RAIL, at, "jack"));
    } else {
      const word = { return: "return", goto: "goto", continue: "continue", never: "no return" }[section.ending];
      parts.push(path(`M${BOARD} ${at}H${ENDS}m0 -5v10`, "line"), text(ENDS + 6, at + 4, word, { class: "quiet" }));
    }
  });
  if (noCase) {
    const at = y(sections.length);
    over.push(jack(BOARD, at, "hot"), path(`M${BOARD} ${at}H${RAIL - 7}`, "leak"));
    over.push(text(LABEL, at - 7, "no label fits", { class: "accent" }));
  }
  const arrow = svg("marker", { id: "tip", viewBox: "0 0 8 8", refX: 6, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse", markerUnits: "userSpaceOnUse" }, svg("path", { d: "M0 0L8 4L0 8z", class: "tip" }));
  return el(
    "figure",
    { class: "circuit" },
    svg("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": inWords(circuit) }, svg("defs", {}, arrow), parts, over),
  );
}

function inWords({ operand, sections, leak }) {
  const ways = sections.map((section, i) => {
    const way = leak.from === i ? (leak.to === null ? `leaves the switch at line ${leak.line}` : "falls into the next section, which is the finding") : WAY[section.ending];
    return `${section.label}, line ${section.line}: ${way}`;
  });
  if (leak.from === null) ways.push("where no label fits, control leaves the switch");
  return `Sections of switch (${operand}). ${ways.join(". ")}.`;
}
