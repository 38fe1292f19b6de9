// Results as you type, each with its reasons; a second to play at, a page to open.
import { $, h, call, clock, query, tell, thumb } from "./dom.js";
import W from "./words.js";

let running = null;
let shown = [];
export const searchHits = () => shown;

// Whoever goes on to another view is not called back by an answer that comes late.
export function stopSearch() {
  running?.abort();
  shown = [];
}

export async function search(main, params) {
  const q = params.get("q") || "";
  running?.abort();
  running = new AbortController();
  if (!q.trim()) { location.hash = "#/library"; return; }
  const mine = running, asked = { q, limit: 60, kind: params.getAll("kind") };
  let whole = false;
  // What has the very words is there at once; what means or looks like it comes a little later.
  call(`/search${query({ ...asked, words: true })}`, { signal: mine.signal })
    .then((found) => { if (!whole && found.hits.length) draw(main, { ...found, notes: [W.searching] }, W.results(found.hits.length, q), q); }).catch(tell);
  try {
    const found = await call(`/search${query(asked)}`, { signal: mine.signal });
    whole = true;
    draw(main, found, W.results(found.hits.length, q), q);
  } catch (error) { tell(error); }
}

export async function likePicture(main, file) {
  const found = await call("/search/picture", { method: "POST", raw: file });
  draw(main, found, W.likeIt, "");
}

function draw(main, found, title, q) {
  shown = found.hits.map((hit) => hit.digest);
  const list = h("ol", { class: "hits" }, found.hits.map((hit) => card(hit, q)));
  main.replaceChildren(h("div", { class: "page" },
    h("header", {}, h("h1", { "aria-live": "polite" }, found.hits.length ? title : W.nothing(q))),
    found.hits.length ? list : h("p", { class: "soft" }, W.tryThis),
    found.notes.map((note) => h("p", { class: "small soft" }, note))));
}

export const hitLink = (hit, why) => {
  const place = why?.start_s != null ? { t: why.start_s } : why?.page ? { page: why.page } : {};
  return `#/item/${hit.digest}${query(place)}`;
};

function card(hit, q) {
  const first = hit.why.find((why) => why.start_s != null || why.page) || hit.why[0];
  const link = hitLink(hit, first);
  return h("li", { class: `hit ${hit.kind}` },
    h("a", { href: link, tabindex: -1, "aria-hidden": "true" }, thumb(hit.digest)),
    h("div", { class: "grow" },
      h("h2", {}, h("a", { href: link }, hit.name)),
      h("ul", { class: "why" }, hit.why.slice(0, 4).map((why) => reason(hit, why, q)))));
}

function reason(hit, why, q) {
  const label = why.how === "words" ? W.fields[why.field] || why.field : W.reasons[why.how] || why.how;
  const place = why.start_s != null ? W.playAt(clock(why.start_s)) : why.page ? W.page(why.page) : "";
  return h("li", {},
    place ? h("a", { class: "tag", href: hitLink(hit, why) }, place) : h("span", { class: "tag" }, label),
    h("span", {}, why.text ? marked(why.text, q) : place ? label : ""));
}

// The words of the question, marked where they stand. Only text nodes and <mark> are made.
function marked(text, q) {
  const words = q.toLowerCase().match(/[\p{L}\p{N}]{2,}/gu) || [];
  if (!words.length) return text;
  const pattern = new RegExp(`(${words.map((w) => w.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`, "giu");
  return text.split(pattern).map((part, i) => (i % 2 ? h("mark", {}, part) : part));
}

// Typing changes the address at once; the list follows when the fingers rest for a moment.
export function searchBox() {
  const input = $("search");
  input.placeholder = W.searchHint;
  let timer;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const q = input.value.trim(), there = location.hash.startsWith("#/search");
      const hash = q ? `#/search${query({ q })}` : "#/library";
      if (there) { history.replaceState(null, "", hash); dispatchEvent(new HashChangeEvent("hashchange")); } else location.hash = hash;
    }, 110);
  });
  $("search-form").addEventListener("submit", (event) => {
    event.preventDefault();
    document.querySelector(".hit h2 a")?.focus();
  });
}
