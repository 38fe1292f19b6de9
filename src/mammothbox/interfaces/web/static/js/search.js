// Results as you type, each with its reasons; a second to play at, a page to open.
import { $, h, call, clock, query, tell, thumb } from "./dom.js";
import W from "./words.js";

const REST_MS = 150; // without a key: then a model is asked too
const MOST = 60;
const FIRST = 12; // of the very words: what a screen shows

let running = null;
let shown = [];
let pictures = new Map();
export const searchHits = () => shown;

// Whoever goes on to another view is not called back by an answer that comes late.
export function stopSearch() {
  running?.abort();
  shown = [];
}

export async function search(place, params) {
  const q = params.get("q") || "";
  running?.abort();
  if (!q.trim()) { location.hash = "#/library"; return; }
  const { signal } = running = new AbortController(), asked = { q, limit: MOST, kind: params.getAll("kind") };
  // What has the very words is there at once; what means or looks like it follows when the fingers rest.
  let whole = false;
  try {
    const quick = call(`/search${query({ ...asked, limit: FIRST, words: true })}`, { signal })
      .then((found) => { if (!whole) draw(place, { ...found, notes: [W.searching] }, q); });
    if (document.activeElement === $("search")) await quick.then(() => rest(signal)); else quick.catch(() => {});
    const found = await call(`/search${query(asked)}`, { signal });
    whole = true;
    draw(place, found, q);
    $("said").textContent = found.hits.length ? W.results(found.hits.length, q) : W.nothing(q);
  } catch (error) { tell(error); }
}

const rest = (signal) => new Promise((resolve, reject) => {
  const timer = setTimeout(resolve, REST_MS);
  signal.addEventListener("abort", () => { clearTimeout(timer); reject(signal.reason); });
});

let picture = null;
export function likePicture(file) {
  picture = file;
  location.hash = `#/like/${encodeURIComponent(file.name)}?at=${Date.now()}`;
}

// Files that look like a picture that was dropped here; the picture itself is kept nowhere.
export async function like(place) {
  if (!picture) { location.hash = "#/library"; return null; }
  const address = URL.createObjectURL(picture), mine = h("img", { src: address, alt: picture.name, class: "dropped" });
  place.draw(page(h("h1", {}, W.searching), mine));
  const found = await call(`/search/picture${query({ limit: MOST })}`, { method: "POST", raw: picture });
  if (place.here) { shown = found.hits.map((hit) => hit.digest); place.draw(page(h("h1", {}, W.likeIt), mine, hits(found, ""))); }
  return () => URL.revokeObjectURL(address);
}

const page = (title, ...content) => h("div", { class: "page", role: "region", "aria-label": W.found }, h("header", {}, title), content);

function draw(place, found, q) {
  if (!place.here) return;
  shown = found.hits.map((hit) => hit.digest);
  const number = found.hits.length, waiting = found.notes.includes(W.searching);
  const title = waiting && (!number || number === FIRST) ? W.searching : number ? W.results(number, q) : W.nothing(q);
  const whole = page(h("h1", {}, title), number > 0 && hits(found, q), !number && !waiting && h("p", { class: "soft" }, W.tryThis),
    found.notes.filter((note) => note !== title).map((note) => h("p", { class: "small soft" }, note)));
  whole.dataset.query = q;
  whole.setAttribute("aria-busy", String(waiting));
  place.draw(whole);
}

// Pictures that were there before stay the same elements, so that nothing flickers while one types.
function hits(found, q) {
  const before = pictures;
  pictures = new Map(found.hits.map((hit) => [hit.digest, before.get(hit.digest) || thumb(hit.digest)]));
  return h("ol", { class: "hits" }, found.hits.map((hit) => card(hit, q)));
}

export const hitLink = (hit, why) => {
  const place = why?.start_s != null ? { t: why.start_s } : why?.page ? { page: why.page } : {};
  return `#/item/${hit.digest}${query(place)}`;
};

function card(hit, q) {
  const first = hit.why.find((why) => why.start_s != null || why.page) || hit.why[0];
  const link = hitLink(hit, first);
  return h("li", { class: `hit ${hit.kind}` },
    h("a", { href: link, tabindex: -1, "aria-hidden": "true" }, pictures.get(hit.digest)),
    h("div", { class: "grow" },
      h("h2", {}, h("a", { href: link, "data-key": hit.digest }, hit.name)),
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

// Typing changes the address, and with it the list, at every key.
export function searchBox() {
  const input = $("search");
  input.placeholder = W.searchHint;
  input.addEventListener("input", () => {
    const q = input.value.trim(), there = location.hash.startsWith("#/search");
    const hash = q ? `#/search${query({ q })}` : "#/library";
    if (there) { history.replaceState(null, "", hash); dispatchEvent(new HashChangeEvent("hashchange")); } else location.hash = hash;
  });
  $("search-form").addEventListener("submit", (event) => {
    event.preventDefault();
    document.querySelector(".hit h2 a")?.focus();
  });
}
