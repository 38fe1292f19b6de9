// One file, large: shown or played, with everything known of it; a person's words are written here.
import { $, h, call, clock, media, meter, size, tell, thumb, toast } from "./dom.js";
import { currentGrid } from "./library.js";
import { goBack } from "./main.js";
import { player } from "./player.js";
import { searchHits } from "./search.js";
import W from "./words.js";

let shown = null;

// An answer that comes late opens nothing once one has gone on or closed the file.
const asked = (digest) => location.hash.split("?")[0] === `#/item/${digest}`;

export function closeItem() {
  if (!shown) return false;
  shown.stop();
  shown.element.remove();
  shown = null;
  document.body.style.overflow = "";
  $("main").inert = false;
  return true;
}

export async function openItem(digest, params) {
  const item = await call(`/files/${digest}`);
  if (!asked(digest)) return;
  closeItem();
  const about = h("aside", { class: "about", "aria-label": W.facts });
  const stage = player(item, params);
  const element = h("section", { class: "item", role: "dialog", "aria-modal": "true", "aria-label": item.title || item.path },
    h("div", { class: "stage" },
      h("div", { class: "tools" },
        h("button", { class: "icon", "aria-label": W.close, title: `${W.close} (Esc)`, onclick: goBack }, "✕"),
        h("span", { class: "grow" }), stage.tools,
        h("a", { class: "button", href: media(digest, "content"), target: "_blank", rel: "noopener" }, W.original)),
      h("button", { class: "turn back", "aria-label": W.back, onclick: () => turn(digest, -1) }, "‹"),
      stage.element,
      h("button", { class: "turn on", "aria-label": W.on, onclick: () => turn(digest, 1) }, "›")),
    about);
  const keys = (event) => {
    if (event.target.closest("input, textarea, audio, video")) return;
    if (event.key === "ArrowLeft") turn(digest, -1);
    if (event.key === "ArrowRight") turn(digest, 1);
    if (event.key === "e") { event.preventDefault(); about.querySelector(".words")?.focus(); }
    if (event.key === " " && stage.toggle && !event.target.closest("button, a")) { event.preventDefault(); stage.toggle(); }
  };
  element.addEventListener("keydown", keys);
  $("over").replaceChildren(element);
  document.body.style.overflow = "hidden";
  $("main").inert = true;
  shown = { element, stop: () => stage.stop() };
  sheet(about, item, stage);
  element.querySelector("button").focus();
  more(about, digest);
}

async function turn(digest, step) {
  const hits = searchHits(), at = hits.indexOf(digest);
  const next = at >= 0 ? hits[at + step] : await currentGrid()?.neighbour(digest, step);
  if (next && asked(digest)) location.replace(`#/item/${next}`);
}

const part = (title, ...content) => h("section", {}, h("h2", {}, title), content);

function sheet(about, item, stage) {
  const parts = [
    words(item), tagging(item),
    item.transcript?.segments?.length ? part(W.said, transcript(item.transcript.segments, stage)) : null,
    item.timeline?.length ? part(W.moments, transcript(item.timeline.map((t) => ({ start_s: t.start_s, text: t.caption })), stage)) : null,
    item.labels?.length ? part(W.seen, bars(item.labels)) : null,
    item.ocr_text ? part(W.read, h("div", { class: "readtext", tabindex: 0 }, item.ocr_text)) : null,
    item.kind === "image" ? part(W.ask, asking(item)) : null,
    part(W.facts, facts(item)),
    Object.keys(item.authors || {}).length ? part(W.models, authors(item)) : null,
    item.problems?.some((p) => p.failed) ? part(W.problems, item.problems.filter((p) => p.failed).map((p) => h("p", { class: "warn small" }, `${p.step}: ${p.failed}`))) : null,
  ];
  about.replaceChildren(...parts.filter(Boolean));
}

function words(item) {
  const save = async (field, value) => {
    if (value.trim() === (item[field] || "")) return;
    const now = await call(`/files/${item.digest}`, { method: "PATCH", body: { [field]: value } });
    Object.assign(item, now);
    toast(W.saved);
  };
  const keep = (field) => ({ onchange: (e) => save(field, e.target.value).then(() => { e.target.value = item[field] || ""; }).catch(tell) });
  const title = h("textarea", { class: "words title", "aria-label": W.titleLabel, value: item.title || item.path.split("/").pop(), rows: 1, maxlength: 300, ...keep("title") });
  title.addEventListener("keydown", (e) => { if (e.key === "Enter") { e.preventDefault(); title.blur(); } });
  const caption = item.kind === "image" || item.kind === "video" || item.caption
    ? h("textarea", { class: "words", "aria-label": W.caption, rows: 2, maxlength: 4000, ...keep("caption") }) : null;
  if (caption) caption.value = item.caption || "";
  const summary = item.summary && item.summary !== item.caption ? h("p", { class: "soft small" }, item.summary) : null;
  return h("section", {}, h("h1", {}, title), caption, summary);
}

function tagging(item) {
  const box = h("div", { class: "tags" });
  const change = async (body) => {
    const now = await call(`/files/${item.digest}`, { method: "PATCH", body });
    Object.assign(item, now);
    draw();
  };
  const draw = () => {
    const mine = new Set(item.tags_by_person || []);
    const add = h("input", { placeholder: W.addTag, "aria-label": W.addTag, maxlength: 80, enterkeyhint: "done" });
    add.addEventListener("keydown", (e) => {
      if (e.key !== "Enter" || !add.value.trim()) return;
      change({ add_tags: add.value.split(",").map((t) => t.trim()).filter(Boolean) }).then(() => box.querySelector("input").focus()).catch(tell);
    });
    box.replaceChildren(...(item.tags || []).map((tag) => h("span", { class: mine.has(tag) ? "one mine" : "one" },
      h("a", { href: `#/library?tag=${encodeURIComponent(tag)}`, class: "soft" }, tag),
      h("button", { "aria-label": W.removeTag(tag), onclick: () => change({ remove_tags: [tag] }).catch(tell) }, "×"))), add);
  };
  draw();
  return part(W.tags, box);
}

// Follows the playback; a press plays from there.
function transcript(segments, stage) {
  const list = h("div", { class: "said" }, segments.map((s) => h("button", { onclick: () => stage.seek?.(s.start_s, true) }, h("time", {}, clock(s.start_s)), h("span", {}, s.text))));
  let at = -1;
  stage.listen?.((now) => {
    let found = -1;
    segments.forEach((s, i) => { if (s.start_s <= now + 0.05) found = i; });
    if (found === at) return;
    list.children[at]?.removeAttribute("aria-current");
    at = found;
    const line = list.children[at];
    if (!line) return;
    line.setAttribute("aria-current", "true");
    list.scrollTo({ top: line.offsetTop - list.clientHeight / 2, behavior: "smooth" });
  });
  return list;
}

function asking(item) {
  const field = h("input", { class: "field grow", placeholder: W.askHint, "aria-label": W.ask, maxlength: 500 });
  const told = h("p", { class: "small", role: "status" });
  return h("form", { onsubmit: (event) => {
    event.preventDefault();
    if (!field.value.trim()) return;
    told.textContent = "…";
    call("/ask", { method: "POST", body: { digest: item.digest, question: field.value } })
      .then((a) => { told.replaceChildren(a.text ? h("strong", {}, a.text) : W.noAnswer, h("span", { class: "soft" }, a.evidence ? ` (${a.source}: ${a.evidence})` : "")); })
      .catch((error) => { told.textContent = ""; tell(error); });
  } }, h("div", { class: "row" }, field, h("button", {}, W.askButton)), told);
}

const bars = (labels) => h("div", { class: "bars" }, labels.slice(0, 5).map((l) => h("div", {}, h("span", {}, l.label), meter(l.score, l.label), h("span", { class: "soft small" }, `${Math.round(l.score * 100)} %`))));

function facts(item) {
  const rows = [
    ["path", item.path], ["mime", item.mime], ["size", size(item.size)], ["category", item.category],
    ["taken_at", item.taken_at && new Date(item.taken_at).toLocaleString()], ["camera", item.camera],
    ["pixels", item.width && `${item.width} × ${item.height}`], ["duration", item.duration_s && clock(item.duration_s)],
    ["pages", item.pages], ["author", item.author], ["language", item.transcript?.language], ["context", item.context],
    ["gps", item.gps && item.gps.map((d) => d.toFixed(5)).join(", ")], ["other_paths", item.other_paths?.join("\n")],
  ];
  return h("dl", {}, rows.filter(([, v]) => v).flatMap(([name, v]) => [h("dt", {}, W.fact[name]), h("dd", {}, String(v))]));
}

function authors(item) {
  const rows = Object.entries(item.authors).map(([step, who]) => [step, step === "person" ? W.mine : `${who.model} · ${who.revision}`]);
  return h("dl", {}, rows.flatMap(([step, who]) => [h("dt", {}, step), h("dd", { class: "small" }, who)]));
}

async function more(about, digest) {
  try {
    const found = await call(`/files/${digest}/similar?limit=12`);
    if (!found.hits.length) return;
    about.append(part(W.similar, h("div", { class: "strip-row" }, found.hits.map((hit) => h("a", { href: `#/item/${hit.digest}`, "aria-label": hit.name, title: hit.name }, thumb(hit.digest))))));
  } catch (error) { console.warn(error.message); }
}
