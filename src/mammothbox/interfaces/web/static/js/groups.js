// Files that belong together, and pictures that look alike side by side.
import { h, call, query, tell, thumb, toast } from "./dom.js";
import { commonFolder, empty } from "./library.js";
import W from "./words.js";

export async function groups(place, params) {
  const choices = await call("/choices");
  const folders = Object.keys(choices.folders);
  if (!folders.length) { place.draw(empty(W.emptyTitle, W.emptyText, h("a", { class: "button", href: "#/activity?add" }, W.addFolder))); return; }
  const folder = params.get("folder") || commonFolder(folders);
  const choose = h("select", { class: "field", "aria-label": W.folder, onchange: (e) => { location.hash = `#/groups${query({ folder: e.target.value })}`; } },
    [...new Set([commonFolder(folders), ...folders])].map((f) => h("option", { value: f, selected: f === folder }, f)));
  const list = h("div", { class: "groups", "aria-busy": "true" }), busy = h("div", { class: "meter busy", role: "status", "aria-label": W.grouping }, h("i"));
  const page = h("div", { class: "page" }, h("header", {}, h("h1", {}, W.groupsTitle), choose), h("p", { class: "soft" }, W.groupsText), busy, list);
  place.draw(page);
  const [found, twins] = await Promise.all([call(`/clusters${query({ folder })}`), call("/duplicates")]);
  list.removeAttribute("aria-busy");
  busy.remove();
  list.replaceChildren(...found.clusters.map(group));
  if (twins.near.length) page.append(h("h2", {}, W.twins), h("div", { class: "groups" }, twins.near.slice(0, 40).map(pair)));
  if (twins.exact.length) page.append(h("h2", {}, W.sameBytes), h("ul", { class: "list card" }, twins.exact.slice(0, 60).map((paths) => h("li", { class: "small" }, paths.join("  =  ")))));
}

function group(one) {
  return h("article", { class: "card group" },
    h("h2", {}, one.label), h("p", { class: "soft small" }, `${W.files(one.size)} · ${one.terms.slice(0, 4).join(", ")}`),
    h("div", { class: "mosaic" }, one.samples.map((s) => h("a", { href: `#/item/${s.digest}`, "aria-label": s.name, title: s.name }, thumb(s.digest)))));
}

function pair(one) {
  const side = (half) => h("a", { href: `#/item/${half.digest}`, title: half.path, "aria-label": half.path }, thumb(half.digest), h("span", { class: "small soft" }, half.path.split("/").pop()));
  const card = h("article", { class: "card" }, h("div", { class: "twins" }, side(one.first), side(one.second)),
    h("div", { class: "row" }, h("button", { onclick: () => call("/duplicates/keep", { method: "POST", body: { digests: [one.first.digest, one.second.digest] } }).then(() => { card.remove(); toast(W.saved); }).catch(tell) }, W.keepBoth)));
  return card;
}
