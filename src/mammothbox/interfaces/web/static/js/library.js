// The library: filters, the grid, the timeline beside it, and the map.
import { $, h, call, query, month } from "./dom.js";
import { Grid } from "./grid.js";
import { worldMap } from "./map.js";
import W from "./words.js";

const FILTERS = ["kind", "folder", "tag", "language", "since", "until"];
let grid = null;
export const currentGrid = () => grid;

export async function library(place, params) {
  const filters = Object.fromEntries(FILTERS.map((name) => [name, params.getAll(name)]).filter(([, v]) => v.some(Boolean)));
  const [choices, timeline] = await Promise.all([call("/choices"), call(`/timeline${query(filters)}`)]);
  if (!place.here) return null;
  grid?.stop();
  if (!Object.keys(choices.kinds).length) { place.draw(nothingYet()); return null; }
  const go = (changes) => { location.hash = `#/library${query({ ...filters, ...changes })}`; };
  const head = bar(filters, choices, timeline.total, go, params.has("map"));
  if (params.has("map")) { place.draw(head, worldMap(choices.places)); return null; }
  if (!timeline.total) { place.draw(head, empty(W.noneTitle, W.noneText)); return null; }
  const side = h("nav", { class: "timeline", "aria-label": W.timeline });
  grid = new Grid(filters, timeline, { onmove: (y, m) => mark(side, y, m) });
  const mine = grid;
  place.draw(h("h1", { class: "hidden" }, W.nav.library), head, h("div", { class: "library" }, mine.element, side));
  mine.start();
  years(side, mine);
  const again = () => years(side, mine);
  addEventListener("resize", again);
  return () => { removeEventListener("resize", again); mine.stop(); };
}

function bar(filters, choices, total, go, map) {
  const on = (name, value) => (filters[name] || []).includes(value);
  const kinds = Object.keys(W.kinds).filter((kind) => choices.kinds[kind]);
  const chips = [
    h("button", { class: "chip", "aria-pressed": String(!filters.kind), onclick: () => go({ kind: "" }) }, W.all),
    ...kinds.map((kind) => h("button", { class: "chip", "aria-pressed": String(on("kind", kind)), onclick: () => go({ kind: on("kind", kind) ? "" : kind }) }, W.kinds[kind])),
  ];
  const choose = (name, label, values, show = (v) => v) => values.length > 0 && h("select", { class: "field", "aria-label": label, onchange: (e) => go({ [name]: e.target.value }) },
    h("option", { value: "" }, label),
    values.map((value) => h("option", { value, selected: on(name, value) }, show(value))));
  const date = (name) => h("label", { class: "dated" }, W[name], h("input", { class: "field", type: "date", value: (filters[name] || [""])[0], onchange: (e) => go({ [name]: e.target.value }) }));
  const languages = new Intl.DisplayNames(undefined, { type: "language" });
  const folders = Object.keys(choices.folders), shared = commonFolder(folders);
  return h("div", { class: "filters", role: "group" }, chips,
    choose("tag", W.anyTag, Object.keys(choices.tags)),
    choose("folder", W.everyFolder, folders, (f) => f.slice(shared.length).replace(/^\//, "") || f.split("/").pop()),
    Object.keys(choices.languages).length > 1 && choose("language", W.everyLanguage, Object.keys(choices.languages), (code) => named(languages, code)),
    date("since"), date("until"),
    choices.places.length > 0 && h("button", { class: "chip", "aria-pressed": String(map), onclick: () => go({ map: map ? "" : "1" }) }, W.map),
    Object.keys(filters).length > 0 && h("button", { class: "chip quiet", onclick: () => { location.hash = "#/library"; } }, W.clear),
    h("span", { class: "count", role: "status" }, W.files(total)));
}

function named(names, code) {
  try { return names.of(code); } catch { return code; }
}

export function commonFolder(folders) {
  if (!folders.length) return "";
  const parts = folders.map((f) => f.split("/"));
  let length = 0;
  while (length < parts[0].length && parts.every((p) => p[length] === parts[0][length])) length += 1;
  return parts[0].slice(0, length).join("/");
}

export const empty = (title, text, ...more) => h("div", { class: "empty" }, h("h1", {}, title), h("p", { class: "soft" }, text), more);
const nothingYet = () => empty(W.emptyTitle, W.emptyText, h("a", { class: "button", href: "#/activity?add" }, W.addFolder));

// Years at the place where they begin; a press goes there.
function years(side, grid) {
  const height = side.clientHeight;
  if (!height || !grid.height) return;
  const now = h("span", { class: "now" });
  const made = [];
  let before = "", last = -99;
  for (const m of grid.months) {
    const year = m.month.slice(0, 4), top = (m.top / grid.height) * (height - 24);
    if (year !== before && top - last > 20) {
      const button = h("button", { "aria-label": month(m.month), onclick: () => scrollTo({ top: grid.top() + m.top - 70, behavior: "auto" }) }, year);
      button.style.top = `${top}px`;
      button.dataset.year = year;
      made.push(button);
      last = top;
    } else {
      const line = h("span", { class: "mark" });
      line.style.top = `${top + 11}px`;
      made.push(line);
    }
    before = year;
  }
  side.replaceChildren(...made, now);
}

function mark(side, y, m) {
  const now = side.querySelector(".now");
  if (!now) return;
  now.style.top = `${Math.min(1, Math.max(0, y / Math.max(1, grid.height - innerHeight))) * (side.clientHeight - 24) + 11}px`;
  for (const button of side.querySelectorAll("button")) {
    if (button.dataset.year === m?.month.slice(0, 4)) button.setAttribute("aria-current", "true"); else button.removeAttribute("aria-current");
  }
}

export const restoreFocus = () => { if (grid && $("main").contains(grid.element)) grid.focus(grid.current); };
