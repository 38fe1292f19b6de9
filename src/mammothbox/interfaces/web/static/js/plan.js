// One proposal: the tree as it is, folders as proposed; files are dragged, folders renamed.
import { h, call, meter, tell, thumb, toast } from "./dom.js";
import { carryOut, takeBack } from "./arrange.js";
import W from "./words.js";

const SHOWN = 36, CARRIED = "application/json";

// What is dragged: files by their source, or a whole folder, which then lies in the one it is dropped on.
const carry = (event, what, value) => {
  event.dataTransfer.setData(CARRIED, JSON.stringify({ [what]: value }));
  event.dataTransfer.effectAllowed = "move";
};

export async function planView(place, id) {
  const view = new PlanView(place, await call(`/plans/${id}`));
  view.draw();
}

class PlanView {
  constructor(place, plan) {
    this.place = place;
    this.plan = plan;
    this.chosen = new Set();
    this.open = new Set();
    this.done = null;
  }

  async edit(change) {
    try {
      this.plan = await call(`/plans/${this.plan.id}`, { method: "PATCH", body: change });
      this.chosen.clear();
      this.draw();
    } catch (error) { tell(error); this.draw(); }
  }

  move(files, folder) { return this.edit({ op: "move", files: [...files], folder }); }

  draw() {
    if (!this.place.here) return;
    const { plan } = this, members = new Map(plan.folders.map((f) => [f.path, []]));
    for (const move of plan.moves) members.get(folderOf(move.target))?.push(move);
    this.bar = h("div", { class: "row", role: "status" });
    const apply = h("button", { class: "primary", disabled: !plan.changes || this.done, onclick: () => this.apply().catch(tell) }, W.apply);
    this.place.draw(h("div", { class: "page" },
      h("header", {}, h("h1", {}, plan.root.split("/").pop() || "/"), h("span", { class: "soft" }, W.would(plan.changes, plan.moves.length - plan.changes)), apply), this.bar,
      h("p", { class: "soft small" }, W.dragHelp),
      h("div", { class: "trees" },
        h("div", { class: "before" },
          h("section", { class: "card", "aria-label": W.now, tabindex: 0 }, h("h2", {}, W.now), tree(plan.moves.map((m) => m.source))),
          h("section", { class: "card", "aria-label": W.then, tabindex: 0 }, h("h2", {}, W.then), tree(plan.moves.map((m) => m.target)))),
        h("section", { "aria-label": W.proposed }, h("h2", { class: "hidden" }, W.proposed), [...members].map(([path, moves]) => this.folder(plan.folders.find((f) => f.path === path), moves)), this.selection()))));
    if (this.done) this.told();
  }

  folder(folder, moves) {
    const name = h("input", { class: "name", value: folder.path || W.topLevel, "aria-label": W.folderName, disabled: !folder.path, "data-key": `f:${folder.path}` });
    name.addEventListener("change", () => this.edit({ op: "rename", folder: folder.path, name: name.value }));
    // A folder that is dragged while its name is marked with the mouse could not be marked.
    name.addEventListener("focus", () => { head.draggable = false; });
    name.addEventListener("blur", () => { head.draggable = Boolean(folder.path); });
    name.addEventListener("keydown", (e) => { if (e.key === "Enter") name.blur(); if (e.key === "Escape") { name.value = folder.path; name.blur(); } });
    const head = h("header", { draggable: Boolean(folder.path), ondragstart: (e) => { if (e.target.closest("header")) carry(e, "folder", folder.path); } }, name, h("span", { class: "soft small" }, W.files(folder.files)),
        h("span", { class: "sure" }, meter(folder.confidence, W.sure("")), `${Math.round(folder.confidence * 100)} %`),
        folder.path && folder.path !== "Unsorted" && h("button", { class: "chip", onclick: () => this.judge(folder.path) }, W.accept),
        folder.path && folder.path !== "Unsorted" && h("button", { class: "chip", onclick: () => this.edit({ op: "reject", folder: folder.path }) }, W.rejectFolder),
        folder.reason && h("span", { class: "why-line" }, folder.reason));
    const all = this.open.has(folder.path), shown = all ? moves : moves.slice(0, SHOWN);
    const box = h("article", { class: `card folder${folder.path === "Unsorted" ? " unsorted" : ""}`, "aria-label": folder.path,
      ondragover: (e) => { e.preventDefault(); box.classList.add("target"); },
      ondragleave: (e) => { if (!box.contains(e.relatedTarget)) box.classList.remove("target"); },
      ondrop: (e) => { e.preventDefault(); box.classList.remove("target"); this.dropped(e, folder.path); } },
      head,
      h("ul", { class: "files" }, shown.map((move) => this.file(move)),
        moves.length > shown.length && h("li", {}, h("button", { onclick: () => { this.open.add(folder.path); this.draw(); } }, W.more(moves.length - shown.length)))));
    return box;
  }

  file(move) {
    const moved = folderOf(move.target) !== move.proposed;
    const pressed = this.chosen.has(move.source);
    const button = h("button", { draggable: true, "aria-pressed": String(pressed), title: move.source, "data-key": move.source,
      onclick: () => { if (!this.chosen.delete(move.source)) this.chosen.add(move.source); button.setAttribute("aria-pressed", String(this.chosen.has(move.source))); this.bottom.replaceWith(this.selection()); },
      ondragstart: (e) => carry(e, "files", this.chosen.has(move.source) ? [...this.chosen] : [move.source]),
    }, move.digest ? thumb(move.digest) : h("span", { class: "blank" }), h("span", { class: moved ? "moved" : "" }, move.target.split("/").pop()));
    return h("li", {}, button);
  }

  dropped(event, folder) {
    let what;
    try { what = JSON.parse(event.dataTransfer.getData(CARRIED)); } catch { return; } // something else was dropped
    if (what.files) this.move(what.files, folder);
    else if (what.folder !== folder && !`${folder}/`.startsWith(`${what.folder}/`)) {
      const name = what.folder.split("/").pop();
      this.edit({ op: "rename", folder: what.folder, name: folder ? `${folder}/${name}` : name });
    }
  }

  // The way without a mouse: choose files, name a folder.
  selection() {
    const list = h("datalist", { id: "folders" }, this.plan.folders.map((f) => h("option", { value: f.path })));
    const target = h("input", { class: "field grow", list: "folders", placeholder: W.moveTo, "aria-label": W.moveTo });
    const go = () => { if (target.value.trim()) this.move(this.chosen, target.value.trim()); };
    target.addEventListener("keydown", (e) => { if (e.key === "Enter") go(); });
    this.bottom = h("div", { class: "card selection", hidden: !this.chosen.size }, h("strong", {}, W.selected(this.chosen.size)), target, list,
      h("button", { class: "primary", onclick: go }, W.move), h("button", { onclick: () => this.edit({ op: "leave", files: [...this.chosen] }) }, W.leave));
    return this.bottom;
  }

  judge(folder) { return call(`/plans/${this.plan.id}/verdict`, { method: "POST", body: { folders: [folder], accepted: true } }).then(() => toast(W.accepted)).catch(tell); }

  async apply() {
    const over = await carryOut(this.plan, (p) => this.bar.replaceChildren(h("span", {}, W.applying), h("div", { class: "grow" }, meter(p.total ? p.done / p.total : 0, W.applying))));
    if (!over) return;
    this.done = over.result;
    this.draw();
  }

  told() {
    const { done, refused, run } = this.done;
    this.bar.replaceChildren(h("strong", {}, W.applied(done)), refused.length > 0 && h("span", { class: "warn" }, W.refused(refused.length)),
      h("button", { onclick: () => takeBack(run).then(() => { this.done = null; this.draw(); }).catch(tell) }, W.undo));
    this.bar.querySelector("button").focus();
  }
}

const folderOf = (path) => path.split("/").slice(0, -1).join("/");

function tree(paths) {
  const count = new Map();
  for (const path of paths) {
    const parts = path.split("/").slice(0, -1);
    for (let n = 0; n <= parts.length; n += 1) { const at = parts.slice(0, n).join("/"); count.set(at, (count.get(at) || 0) + 1); }
  }
  const lines = [...count].sort(([a], [b]) => (a < b ? -1 : 1));
  return h("ul", {}, lines.slice(0, 400).map(([path, n]) => {
    const line = h("li", {}, `${path ? `${path.split("/").pop()}/` : W.topLevel} `, h("span", { class: "soft" }, n.toLocaleString()));
    line.style.paddingLeft = `${path ? path.split("/").length * 14 : 0}px`;
    return line;
  }));
}
