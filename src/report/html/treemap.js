// Folders and files as areas: as large as their findings are many, as strong as these are sure.

const TILES = 48;
const WEIGHT = { high: 1, medium: 0.4, low: 0.06 };

// The folders and files directly below `prefix`; a folder that holds one folder and nothing else is shown as that one.
function below(prefix, findings) {
  const tiles = new Map();
  for (const finding of findings) {
    const path = data.files[finding.file].path;
    if (!path.startsWith(prefix)) continue;
    const end = path.indexOf("/", prefix.length + (path[prefix.length] === "/" ? 1 : 0));
    const key = end < 0 ? path : path.slice(0, end + 1);
    const tile = tiles.get(key) ?? { path: key, n: 0, heat: 0, high: 0 };
    tile.n += 1;
    tile.heat += WEIGHT[finding.confidence];
    tile.high += finding.confidence === "high" ? 1 : 0;
    tiles.set(key, tile);
  }
  const only = tiles.size === 1 ? tiles.values().next().value : undefined;
  if (only && only.path.endsWith("/") && only.path !== prefix) {
    const inner = below(only.path, findings);
    if (inner.length) return inner;
  }
  return [...tiles.values()].sort((a, b) => b.n - a.n || (a.path < b.path ? -1 : 1));
}

// Squarified treemap (Bruls, Huizing, van Wijk 2000): rows along the shorter side, as square as they come.
function squarify(tiles, width, height) {
  const total = tiles.reduce((sum, tile) => sum + tile.n, 0);
  const placed = [];
  let [x, y, w, h, left] = [0, 0, width, height, total];
  let rest = tiles.slice();
  while (rest.length) {
    const side = Math.min(w, h);
    const scale = (w * h) / left;
    const worst = (row) => {
      const area = row.reduce((sum, tile) => sum + tile.n, 0) * scale;
      return Math.max(...row.map((tile) => Math.max((side * side * tile.n * scale) / area ** 2, area ** 2 / (side * side * tile.n * scale))));
    };
    let size = 1;
    while (size < rest.length && worst(rest.slice(0, size + 1)) <= worst(rest.slice(0, size))) size += 1;
    const row = rest.slice(0, size);
    const sum = row.reduce((total, tile) => total + tile.n, 0);
    const depth = (sum * scale) / side;
    let at = 0;
    for (const tile of row) {
      const length = (tile.n * scale) / depth;
      placed.push(w >= h ? { tile, x, y: y + at, w: depth, h: length } : { tile, x: x + at, y, w: length, h: depth });
      at += length;
    }
    if (w >= h) [x, w] = [x + depth, w - depth];
    else [y, h] = [y + depth, h - depth];
    left -= sum;
    rest = rest.slice(size);
  }
  return placed;
}

function drawMap(prefix, findings, choose) {
  const map = byId("map");
  let tiles = below(prefix, findings);
  if (tiles.length > TILES) {
    const rest = tiles.slice(TILES - 1);
    const sum = (key) => rest.reduce((total, tile) => total + tile[key], 0);
    tiles = [...tiles.slice(0, TILES - 1), { others: rest.length, n: sum("n"), heat: sum("heat"), high: sum("high") }];
  }
  const [width, height] = [map.clientWidth || 600, map.clientHeight || 260];
  const nodes = squarify(tiles, width, height).map(({ tile, x, y, w, h }) => {
    const name = tile.path === undefined ? `${tile.others} more` : tile.path.slice(prefix.length) || tile.path;
    const text = `${name}: ${plural(tile.n, "finding")}${tile.high ? `, ${tile.high} high` : ""}`;
    const attributes = { type: "button", class: "tile", title: text, "aria-label": text, disabled: tile.path === undefined };
    const node = el("button", { ...attributes, on: { click: () => choose(tile.path) } });
    if (w > 44 && h > 20) node.append(el("span", {}, name));
    if (w > 44 && h > 38) node.append(el("small", {}, tile.n.toLocaleString("en")));
    const style = { left: x, top: y, width: w - 2, height: h - 2 };
    for (const [side, value] of Object.entries(style)) node.style[side] = `${Math.max(0, value)}px`;
    node.style.setProperty("--heat", `${Math.round(8 + (62 * tile.heat) / tile.n)}%`);
    return node;
  });
  map.replaceChildren(...nodes);
  const parts = prefix.split("/").filter((part, i, all) => part !== "" || i < all.length - 1);
  const crumbs = [el("button", { type: "button", on: { click: () => choose("") } }, "all")];
  parts.forEach((part, i) => {
    const path = parts.slice(0, i + 1).join("/") + (i < parts.length - 1 || prefix.endsWith("/") ? "/" : "");
    crumbs.push(" / ", el("button", { type: "button", on: { click: () => choose(path) } }, part || "/"));
  });
  byId("crumbs").replaceChildren(...crumbs);
}
