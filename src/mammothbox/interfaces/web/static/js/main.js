// The shell: which view is shown, the keys that work everywhere, files dropped on the page.
import { $, h, tell } from "./dom.js";
import { activity, busyDot } from "./activity.js";
import { arrange } from "./arrange.js";
import { closeItem, openItem } from "./item.js";
import { dropping } from "./drop.js";
import { groups } from "./groups.js";
import { empty, library, restoreFocus } from "./library.js";
import { like, search, searchBox, stopSearch } from "./search.js";
import W from "./words.js";

const VIEWS = { library, search, like, groups, arrange, activity };
let behind = "", leave = () => {}, turn = 0;

function parse() {
  const [path, rest] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, ...more] = path.split("/");
  return { name: name || "library", more, params: new URLSearchParams(rest || "") };
}

async function show() {
  const { name, more, params } = parse();
  if (name === "item") {
    if (!behind) { behind = "#/library"; await open("library", [], new URLSearchParams()); }
    await openItem(more[0], params);
    return;
  }
  const was = closeItem(), now = location.hash || "#/library";
  if (was && now === behind) { restoreFocus(); return; }
  behind = now;
  await open(VIEWS[name] ? name : "library", more, params);
}

// Where a view draws itself. Once another view was opened, what an answer that comes late would
// draw is left undrawn.
class Place {
  constructor() { this.turn = turn += 1; }
  get here() { return this.turn === turn; }
  draw(...nodes) {
    if (!this.here) return false;
    const key = document.activeElement?.dataset?.key; // whoever is on it stays on it when it is drawn again
    $("main").replaceChildren(...nodes);
    if (key) $("main").querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
    return true;
  }
}

async function open(name, more, params) {
  const mine = new Place();
  for (const link of $("nav").children) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
  document.title = name === "library" ? W.title : `${W.nav[name] || params.get("q") || W.likeIt} – ${W.title}`;
  if (name !== "search") { $("search").value = ""; } else if (document.activeElement !== $("search")) $("search").value = params.get("q") || "";
  leave();
  leave = () => {};
  if (name !== "search") stopSearch();
  if (name !== "search") scrollTo(0, 0);
  const end = await VIEWS[name](mine, params, more).catch((error) => {
    mine.draw(empty(W.cannotShow, error.message, h("button", { onclick: () => show().catch(tell) }, W.again)));
  });
  if (mine.here && typeof end === "function") leave = end; else if (typeof end === "function") end();
}

export const goBack = () => { location.hash = behind || "#/library"; };

function keys(event) {
  const writing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "Escape" && !writing && parse().name === "item" && !document.querySelector("dialog[open]")) goBack();
  if (event.key === "Escape" && writing) writing.blur();
  if (writing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") { event.preventDefault(); $("search").focus(); $("search").select(); }
  const views = ["library", "groups", "arrange", "activity"];
  if (/^[1-4]$/.test(event.key)) location.hash = `#/${views[event.key - 1]}`;
}

for (const [view, label] of Object.entries(W.nav)) $("nav").append(h("a", { href: `#/${view}`, "data-view": view }, label));
$("nav").setAttribute("aria-label", W.title);
document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); $("main").focus(); });
addEventListener("hashchange", () => show().catch(tell));
addEventListener("keydown", keys);
searchBox();
dropping();
busyDot();
show().catch(tell);
