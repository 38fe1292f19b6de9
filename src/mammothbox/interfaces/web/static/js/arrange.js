// Proposals for better folders: made, looked at, changed by hand, carried out, taken back.
import { h, call, confirm, follow, query, tell, toast } from "./dom.js";
import { commonFolder, empty } from "./library.js";
import { planView } from "./plan.js";
import W from "./words.js";

export async function arrange(place, params, more) {
  if (more[0]) { await planView(place, more[0]); return; }
  const [choices, kept] = await Promise.all([call("/choices"), call("/plans")]);
  const folders = Object.keys(choices.folders);
  if (!folders.length) { place.draw(empty(W.emptyTitle, W.emptyText, h("a", { class: "button", href: "#/activity?add" }, W.addFolder))); return; }
  const all = [...new Set([commonFolder(folders), ...folders])];
  const folder = h("select", { class: "field" }, all.map((f) => h("option", { value: f }, f)));
  const by = h("select", { class: "field" }, Object.entries(W.bys).map(([value, label]) => h("option", { value }, label)));
  const hint = h("input", { class: "field", placeholder: W.hintExample, maxlength: 1000 });
  const note = h("p", { class: "soft", role: "status" });
  const go = h("button", { class: "primary" }, W.propose);
  const form = h("form", { class: "setup card", onsubmit: (event) => {
    event.preventDefault();
    go.disabled = true;
    note.textContent = W.proposing;
    call("/plans", { method: "POST", body: { folder: folder.value, by: by.value, hint: hint.value } })
      .then((job) => follow(job)).then((job) => { if (place.here) location.hash = `#/arrange/${job.result.plan}`; else toast(W.proposalReady); })
      .catch((error) => { note.textContent = ""; tell(error); }).finally(() => { go.disabled = false; });
  } }, h("label", {}, W.folder, folder), h("div", { class: "row" }, h("label", {}, W.by, by), h("label", {}, W.hint, hint)), h("div", { class: "row" }, go, note));
  place.draw(h("div", { class: "page" }, h("header", {}, h("h1", {}, W.arrangeTitle)), h("p", { class: "soft" }, W.arrangeText), form,
    kept.plans.length > 0 && h("section", {}, h("h2", {}, W.keptPlans), h("ul", { class: "list card" }, kept.plans.slice(0, 20).map(keptPlan)))));
}

function keptPlan(plan) {
  const line = h("li", { class: "row" }, h("a", { class: "grow", href: `#/arrange/${plan.id}` }, plan.root), h("span", { class: "soft small" }, W.files(plan.changes)),
    h("button", { class: "chip quiet", onclick: () => call(`/plans/${plan.id}`, { method: "DELETE" }).then(() => line.remove()).catch(tell) }, W.throwAway));
  return line;
}

export async function carryOut(plan, progress) {
  if (!(await confirm(W.applyAsk(plan.changes), W.applyText, W.apply))) return null;
  const job = await call(`/plans/${plan.id}/apply`, { method: "POST", body: {} });
  return follow(job, (now) => progress(now.progress));
}

export async function takeBack(run) {
  await follow(await call(`/runs/${run}/undo`, { method: "POST" }));
  toast(W.undone);
}
