// Small tools: make elements, talk to the API, say sizes and times. Text is only ever set as text.
import W from "./words.js";

export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "class") node.className = value;
    else if (key === "value" || key === "checked" || key === "draggable" || key === "disabled") node[key] = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  return node;
}

export const $ = (id) => document.getElementById(id);
const API = "api/v1";

export class Problem extends Error {
  constructor(problem) { super(problem.detail || problem.title); this.reason = problem.reason; }
}

export async function call(path, { method = "GET", body, raw, signal } = {}) {
  const headers = body !== undefined ? { "content-type": "application/json" } : {};
  let answer;
  try {
    answer = await fetch(API + path, { method, headers, signal, body: raw ?? (body === undefined ? undefined : JSON.stringify(body)) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem({ detail: W.offline, reason: "Offline" });
  }
  const value = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Problem(value);
  return value;
}

export const query = (params) => {
  const made = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) {
    for (const one of [value].flat()) if (one !== "" && one !== undefined && one !== null) made.append(key, one);
  }
  return made.size ? `?${made}` : "";
};

export const media = (digest, what) => `${API}/files/${digest}/${what}`;

export function thumb(digest, alt = "", what = "thumbnail") {
  const image = h("img", { src: media(digest, what), alt, loading: "lazy", decoding: "async" });
  image.addEventListener("error", () => image.remove());
  return image;
}

let timer;
export function toast(text, bad = false) {
  clearTimeout(timer);
  $("toast").replaceChildren(h("div", { class: bad ? "bad" : "" }, text));
  timer = setTimeout(() => $("toast").replaceChildren(), bad ? 7000 : 2600);
}

export const tell = (error) => { if (error.name !== "AbortError") toast(error.message, true); };

export function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let step = 0;
  while (bytes >= 1000 && step < 4) { bytes /= 1000; step += 1; }
  return `${bytes < 10 && step ? bytes.toFixed(1) : Math.round(bytes)} ${units[step]}`;
}

export function clock(seconds) {
  const all = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  const two = (n) => String(n).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

export function span(seconds) {
  return seconds < 90 ? `${Math.max(1, Math.round(seconds))} ${W.seconds}` : `${Math.round(seconds / 60)} ${W.minutes}`;
}

export function meter(part, label) {
  const bar = h("i");
  bar.style.width = `${Math.round(Math.min(1, Math.max(0, part)) * 100)}%`;
  return h("div", { class: "meter", role: "progressbar", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": Math.round(part * 100) }, bar);
}

export const month = (text) => {
  const date = new Date(`${text}-15T12:00:00`);
  return Number.isNaN(date.getTime()) ? text : date.toLocaleDateString(undefined, { month: "long", year: "numeric" });
};

export function confirm(title, text, yes) {
  return new Promise((resolve) => {
    const box = h("dialog", { "aria-labelledby": "ask-title" },
      h("h2", { id: "ask-title" }, title), h("p", { class: "soft" }, text),
      h("div", { class: "row" },
        h("button", { onclick: () => box.close("") }, W.cancel),
        h("button", { class: "primary", onclick: () => box.close("yes") }, yes)));
    box.addEventListener("close", () => { box.remove(); resolve(box.returnValue === "yes"); });
    document.body.append(box);
    box.showModal();
  });
}

// Follows a job to its end; `seen` hears each state of it.
export async function follow(job, seen = () => {}) {
  for (let wait = 120; ; wait = Math.min(600, wait * 1.3)) {
    const now = await call(`/jobs/${job.id}`);
    seen(now);
    if (now.state === "done") return now;
    if (now.state === "failed" || now.state === "cancelled") throw new Problem({ detail: now.error?.message || W.states[now.state] });
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}
