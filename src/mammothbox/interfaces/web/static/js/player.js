// What the stage shows: a picture with its text, a video, a sound with its wave, pages.
import { h, clock, media } from "./dom.js";
import W from "./words.js";

export function player(item, params) {
  if (item.kind === "image") return picture(item);
  if (item.kind === "video" || item.kind === "audio") return recording(item, Number(params.get("t")) || 0);
  if (item.kind === "document") return pages(item, Number(params.get("page")) || 1);
  return { element: none(), tools: null, stop: () => {} };
}

const none = () => h("div", { class: "frame" }, h("p", {}, W.noPreview));

function picture(item) {
  const image = h("img", { src: media(item.digest, "view"), alt: item.caption || item.title || "" });
  const box = h("div", { class: "picture" }, image);
  const element = h("div", { class: "frame" }, box);
  image.addEventListener("error", () => element.replaceWith(none()));
  const lines = (item.ocr_lines || []).filter((line) => line.box);
  const text = lines.length ? overlay(image, box, lines) : null;
  return { element, tools: text, stop: () => {} };
}

// Text that was read, laid over the picture where it stands: to be marked and copied.
function overlay(image, box, lines) {
  const layer = h("div", { class: "read", hidden: true }, lines.map((line) => {
    const [x0, y0, x1, y1] = line.box, word = h("span", { tabindex: 0 }, line.text);
    Object.assign(word.style, { left: `${x0 * 100}%`, top: `${y0 * 100}%`, width: `${(x1 - x0) * 100}%`, height: `${(y1 - y0) * 100}%` });
    return word;
  }));
  const fit = () => {
    const scale = Math.min(image.clientWidth / image.naturalWidth, image.clientHeight / image.naturalHeight) || 1;
    const [w, height] = [image.naturalWidth * scale, image.naturalHeight * scale];
    Object.assign(layer.style, { width: `${w}px`, height: `${height}px`, left: `${(image.clientWidth - w) / 2}px`, top: `${(image.clientHeight - height) / 2}px`, right: "auto", bottom: "auto" });
    lines.forEach((line, i) => { layer.children[i].style.fontSize = `${Math.max(9, (line.box[3] - line.box[1]) * height * 0.8)}px`; });
  };
  image.addEventListener("load", fit);
  new ResizeObserver(fit).observe(image);
  box.append(layer);
  const button = h("button", { "aria-pressed": "false", title: W.showText, onclick: () => {
    layer.hidden = !layer.hidden;
    button.setAttribute("aria-pressed", String(!layer.hidden));
    fit();
  } }, W.textIn);
  return button;
}

function recording(item, from) {
  const sound = item.kind === "audio", ears = new Set();
  const medium = h(sound ? "audio" : "video", { controls: true, preload: "metadata", src: media(item.digest, "view"), playsinline: true, "aria-label": item.title || item.path });
  if (!sound) medium.poster = media(item.digest, "thumbnail");
  let tried = false, ready = false;
  const note = h("p", { hidden: true }, W.preparing);
  medium.addEventListener("error", () => {
    if (tried) { note.hidden = false; note.textContent = W.noPreview; return; }
    tried = true;
    note.hidden = false;
    medium.src = `${media(item.digest, "view")}?convert=true`;
    medium.load();
  });
  const seek = (at, play) => {
    const go = () => { medium.currentTime = at; if (play) medium.play().catch(() => {}); };
    if (ready) go(); else medium.addEventListener("loadedmetadata", go, { once: true });
  };
  medium.addEventListener("loadedmetadata", () => { ready = true; note.hidden = true; });
  medium.addEventListener("timeupdate", () => { for (const ear of ears) ear(medium.currentTime); });
  if (from) seek(from, true);
  const body = sound ? h("div", { class: "sound" }, wave(item, medium, seek, ears), medium, note) : h("div", { class: "picture" }, medium, note);
  return {
    element: h("div", { class: "frame" }, body), tools: null, seek,
    listen: (ear) => ears.add(ear),
    toggle: () => { if (medium.paused) medium.play().catch(() => {}); else medium.pause(); },
    stop: () => { medium.pause(); medium.removeAttribute("src"); medium.load(); },
  };
}

function wave(item, medium, seek, ears) {
  const needle = h("i"), image = h("img", { src: media(item.digest, "thumbnail"), alt: "" });
  const box = h("div", { class: "wave", title: clock(item.duration_s || 0), onclick: (e) => {
    const rect = box.getBoundingClientRect();
    seek(((e.clientX - rect.left) / rect.width) * (medium.duration || item.duration_s || 0), true);
  } }, image, needle);
  ears.add((now) => { needle.style.left = `${(now / (medium.duration || 1)) * 100}%`; });
  return box;
}

function pages(item, first) {
  const count = Math.max(item.pages || 1, 1), most = Math.min(count, 400);
  const sheets = h("div", { class: "sheets" });
  for (let n = 1; n <= most; n += 1) {
    const image = h("img", { src: media(item.digest, `pages/${n}`), alt: W.page(n), loading: n === first ? "eager" : "lazy", width: 1130, height: 1600 });
    image.style.height = "auto";
    image.addEventListener("error", () => image.closest("figure")?.remove());
    sheets.append(h("figure", { id: `page-${n}` }, image, count > 1 && h("figcaption", {}, W.pageOf(n, count))));
  }
  const element = h("div", { class: "frame pages", tabindex: 0, "aria-label": item.title || "" }, sheets);
  if (first > 1) setTimeout(() => sheets.children[Math.min(first, most) - 1]?.scrollIntoView(), 60);
  return { element, tools: null, stop: () => {} };
}
