// Where pictures were taken, on an outline of the world that comes with the page.
import { h } from "./dom.js";
import W from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const s = (tag, props, ...children) => {
  const node = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(props)) node.setAttribute(key, value);
  node.append(...children);
  return node;
};

export function worldMap(places) {
  const svg = s("svg", { viewBox: "-180 -84 360 144", class: "world", role: "group", "aria-label": W.mapLabel });
  const page = h("div", { class: "page" }, h("h1", { class: "hidden" }, W.mapTitle), svg);
  import("./world.js").then(({ default: outline }) => svg.prepend(s("path", { d: outline })));
  const cells = new Map();
  for (const [latitude, longitude, digest] of places) {
    const key = `${Math.round(latitude)},${Math.round(longitude)}`;
    const cell = cells.get(key) || { latitude, longitude, digests: [] };
    cell.digests.push(digest);
    cells.set(key, cell);
  }
  for (const cell of cells.values()) {
    const dot = s("circle", { cx: cell.longitude, cy: -cell.latitude, r: Math.min(5, 1.3 + Math.log2(cell.digests.length) * 0.5), tabindex: 0, role: "link" }, s("title", {}, W.files(cell.digests.length)));
    const go = () => { location.hash = `#/item/${cell.digests[0]}`; };
    dot.addEventListener("click", go);
    dot.addEventListener("keydown", (event) => { if (event.key === "Enter") go(); });
    svg.append(dot);
  }
  return page;
}
