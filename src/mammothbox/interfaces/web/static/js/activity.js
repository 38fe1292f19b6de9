// What goes on: jobs with live progress, taking in folders, failures, memory, runs.
import { $, h, call, follow, meter, query, size, span, tell, toast } from "./dom.js";
import W from "./words.js";

let stream = null, latest = [];
const ears = new Set();

// One stream of events for the whole page.
function listen() {
  if (stream) return;
  stream = new EventSource("api/v1/events");
  stream.addEventListener("jobs", (event) => { latest = JSON.parse(event.data); for (const ear of ears) ear(latest); });
}

const busy = (job) => ["queued", "running", "paused"].includes(job.state);

export function busyDot() {
  listen();
  ears.add((jobs) => {
    const link = $("nav").querySelector('[data-view="activity"]');
    const dot = link.querySelector(".dot");
    if (jobs.some(busy) && !dot) link.append(h("span", { class: "dot", role: "img", "aria-label": W.states.running }));
    if (!jobs.some(busy)) dot?.remove();
  });
}

export async function activity(place, params) {
  listen();
  const jobs = h("div", {}), failures = h("div", {}), memory = h("div", {}), runs = h("div", {});
  const take = h("button", { class: "primary", onclick: () => picker().catch(tell) }, W.takeIn);
  place.draw(h("div", { class: "page" },
    h("header", {}, h("h1", {}, W.activityTitle), take),
    h("div", { class: "two" },
      h("div", {}, h("section", { "aria-live": "polite" }, jobs), h("section", {}, h("h2", {}, W.failures), failures)),
      h("div", {}, h("section", {}, h("h2", {}, W.memory), memory), h("section", {}, h("h2", {}, W.runs), runs)))));
  const cards = new Map();
  let going = null;
  const draw = (all) => {
    drawJobs(jobs, all, cards);
    const now = all.filter(busy).length;
    if (going !== null && now < going) { drawFailures(failures).catch(tell); drawRuns(runs).catch(tell); }
    going = now;
  };
  ears.add(draw);
  draw(latest);
  const beat = () => drawMemory(memory).catch(() => {});
  const timer = setInterval(beat, 3000);
  beat();
  await Promise.all([drawFailures(failures), drawRuns(runs)]);
  if (params.has("add") && place.here) picker().catch(tell);
  return () => { ears.delete(draw); clearInterval(timer); };
}

// Cards are kept and only their inside changes, so that the focus stays where it is.
function drawJobs(box, all, cards) {
  if (!all.length) { box.replaceChildren(h("p", { class: "soft" }, W.noJobs)); return; }
  if (!cards.size) box.replaceChildren();
  all.slice(0, 12).forEach((job, place) => {
    let card = cards.get(job.id);
    if (!card) {
      card = { element: h("article", { class: "card job" }), state: "" };
      cards.set(job.id, card);
      box.insertBefore(card.element, box.children[place] || null);
    }
    if (card.state !== job.state) { card.state = job.state; card.buttons = buttons(job); }
    card.element.replaceChildren(...inside(job), card.buttons);
  });
}

function inside(job) {
  const p = job.progress, active = busy(job);
  const what = job.about.paths?.join(", ") || job.about.folder || job.about.root || "";
  const rest = p.estimate_s?.[p.stage] && p.total ? W.left(span(p.estimate_s[p.stage] * (1 - p.done / p.total))) : "";
  const line = active ? [W.stages[p.stage] || W.states[job.state], p.total ? `${p.done.toLocaleString()} / ${p.total.toLocaleString()}` : p.done ? p.done.toLocaleString() : "", rest].filter(Boolean).join(" · ") : "";
  const bar = active && (p.total ? meter(p.done / p.total, W.jobs[job.kind]) : h("div", { class: "meter busy" }, h("i")));
  const report = job.kind === "ingest" || job.kind === "retry" ? job.result && W.report(job.result) : job.result?.done !== undefined && W.applied(job.result.done);
  return [
    h("div", { class: "row" }, h("h2", { class: "grow" }, W.jobs[job.kind] || job.kind), h("span", { class: job.state === "failed" ? "warn small" : "soft small" }, W.states[job.state])),
    h("div", { class: "soft small" }, what), bar, line && h("div", { class: "small" }, line),
    active && p.path && h("div", { class: "soft small path" }, p.path),
    report && h("div", { class: "small" }, report), job.error && h("div", { class: "warn small" }, job.error.message),
  ].filter(Boolean);
}

function buttons(job) {
  const act = (label, path, method = "POST") => h("button", { onclick: () => call(`/jobs/${job.id}${path}`, { method }).catch(tell) }, label);
  if (!busy(job)) return h("div", { class: "row" });
  return h("div", { class: "row" }, job.state === "paused" ? act(W.resume, "/resume") : act(W.pause, "/pause"), act(W.cancel, "", "DELETE"));
}

async function drawFailures(box) {
  const { failed } = await call("/failed");
  if (!failed.length) { box.replaceChildren(h("p", { class: "soft" }, W.noFailures)); return; }
  const again = h("button", { onclick: () => call("/failed/retry", { method: "POST" }).catch(tell) }, W.retry);
  box.replaceChildren(h("div", { class: "card" }, h("ul", { class: "list" }, failed.slice(0, 200).map((one) => h("li", {},
    h("div", {}, one.path), h("div", { class: "warn small" }, `${one.reason}: ${one.message}`)))), h("div", { class: "row" }, again)));
}

async function drawMemory(box) {
  const { memory } = await call("/status");
  box.replaceChildren(h("div", { class: "card" },
    h("p", { class: "small" }, W.memoryOf(size(memory.used_bytes), size(memory.limit_bytes))), meter(memory.used_bytes / memory.limit_bytes, W.memory),
    memory.hosts.length ? h("ul", { class: "list small", "aria-label": W.hosts }, memory.hosts.map((one) => h("li", { class: "row" }, h("span", { class: "grow" }, one.engine), h("span", { class: "soft" }, size(one.bytes))))) : h("p", { class: "soft small" }, W.noHosts)));
}

async function drawRuns(box) {
  const { runs } = await call("/runs");
  if (!runs.length) { box.replaceChildren(h("p", { class: "soft" }, W.noRuns)); return; }
  box.replaceChildren(h("ul", { class: "list card" }, runs.slice(0, 20).map((run) => h("li", {},
    h("div", { class: "small" }, `${new Date(run.started).toLocaleString()} · ${W.runStates[run.state] || run.state}`), h("div", { class: "soft small" }, run.root),
    run.state !== "undone" && h("button", { class: "chip", onclick: () => call(`/runs/${run.run}/undo`, { method: "POST" }).then(follow).then(() => { toast(W.undone); return drawRuns(box); }).catch(tell) }, W.undo)))));
}

// Choose a folder of the machine and take it in.
export async function picker(act = takeIn, label = W.choose) {
  const list = h("div", { class: "picker", role: "group", "aria-label": W.folder });
  const field = h("input", { class: "field grow", "aria-label": W.path, spellcheck: "false", autocomplete: "off" });
  const about = act === takeIn && h("input", { class: "field grow", "aria-label": W.occasion, placeholder: W.occasion, maxlength: 500, autocomplete: "off" });
  const box = h("dialog", { "aria-labelledby": "pick" }, h("h2", { id: "pick" }, label), h("p", {}, ""), h("div", { class: "row" }, field), h("p", {}, ""), list,
    about && h("div", { class: "row" }, about), h("div", { class: "row" }, h("button", { onclick: () => box.close() }, W.cancel),
      h("button", { class: "primary", onclick: () => { if (field.value.trim()) { box.close(); act(field.value.trim(), about && about.value.trim()).catch(tell); } } }, label)));
  let typed = false, asked = 0;
  field.addEventListener("input", () => { typed = true; });
  const open = async (path) => {
    const mine = (asked += 1), found = await call(`/places${query({ path })}`);
    if (mine !== asked) return; // another folder was chosen since
    if (path || !typed) field.value = found.path || found.folders[0] || ""; // what was typed meanwhile stays
    if (!path && !typed) field.select(); // and who begins to type now replaces the proposal
    list.replaceChildren(...[found.parent !== null && h("button", { onclick: () => open(found.parent).catch(tell) }, `↑ ${W.up}`),
      ...found.folders.map((f) => h("button", { onclick: () => open(f).catch(tell) }, found.path ? f.split("/").pop() : f))].filter(Boolean));
  };
  field.addEventListener("keydown", (e) => { if (e.key === "Enter") open(field.value.trim()).catch(tell); });
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
  await open("");
}

// Nothing said of it leaves what was said before.
const takeIn = (path, context) => call("/ingest", { method: "POST", body: { paths: [path], ...(context && { context }) } });
