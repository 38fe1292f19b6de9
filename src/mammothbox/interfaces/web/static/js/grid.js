// A justified grid of any number of tiles. Every tile has its place before anything was asked for;
// only those near the window exist as elements, and their words come in pieces of a hundred.
import { h, call, clock, media, month, query, thumb } from "./dom.js";
import W from "./words.js";

const GAP = 4, HEADER = 52, PIECE = 100, AHEAD = 900, SHAPE = { base: 35, step: 0.03, least: 0.4 };

export class Grid {
  constructor(filters, timeline, { onmove = () => {} } = {}) {
    this.filters = filters;
    this.months = timeline.months;
    this.total = timeline.total;
    this.onmove = onmove;
    this.ratios = new Float32Array(this.total);
    for (const m of this.months) {
      for (let i = 0; i < m.count; i += 1) this.ratios[m.start + i] = SHAPE.least + SHAPE.step * (m.shapes.charCodeAt(i) - SHAPE.base);
    }
    this.files = new Map();
    this.asked = new Map();
    this.tiles = new Map();
    this.headers = new Map();
    this.current = 0;
    this.list = h("div", { class: "all", role: "list", "aria-label": W.nav.library, onkeydown: (e) => this.key(e) });
    this.element = h("div", { class: "grid" }, this.list);
    this.frame = 0;
    this.onscroll = () => { this.frame ||= requestAnimationFrame(() => { this.frame = 0; this.draw(); }); };
    this.sizes = new ResizeObserver(() => this.layout());
  }

  start() {
    addEventListener("scroll", this.onscroll, { passive: true });
    this.sizes.observe(this.element);
    this.layout();
  }

  stop() {
    removeEventListener("scroll", this.onscroll);
    this.sizes.disconnect();
    for (const control of this.asked.values()) control.abort();
  }

  // Rows of equal width: tiles are added until the row is low enough, then stretched to fit.
  layout() {
    const width = this.element.clientWidth;
    if (!width || width === this.width) return;
    const anchor = this.rows ? this.rowAt(scrollY - this.top()) : null;
    const first = anchor?.first ?? 0;
    this.width = width;
    const wanted = width < 600 ? 116 : Math.min(230, Math.max(160, width / 6.2));
    this.rows = [];
    this.x = new Float32Array(this.total);
    this.w = new Float32Array(this.total);
    let y = 0;
    for (const m of this.months) {
      m.top = y;
      y += HEADER;
      let begin = m.start, sum = 0;
      for (let i = m.start; i < m.start + m.count; i += 1) {
        sum += this.ratios[i];
        const height = (width - GAP * (i - begin)) / sum;
        const last = i === m.start + m.count - 1;
        if (height <= wanted || last) {
          const tall = Math.min(height, wanted * 1.12);
          let x = 0;
          for (let k = begin; k <= i; k += 1) { this.x[k] = x; this.w[k] = this.ratios[k] * tall; x += this.w[k] + GAP; }
          this.rows.push({ top: y, height: tall, first: begin, last: i });
          y += tall + GAP;
          begin = i + 1;
          sum = 0;
        }
      }
    }
    this.height = y;
    this.element.style.height = `${y}px`;
    for (const tile of this.tiles.values()) tile.remove();
    this.tiles.clear();
    for (const header of this.headers.values()) header.remove();
    this.headers.clear();
    if (anchor && first) scrollTo(0, this.top() + this.rows[this.rowOf(first)].top - 80);
    this.draw();
  }

  top() { return this.element.getBoundingClientRect().top + scrollY; }

  rowIndex(y) {
    let low = 0, high = this.rows.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.rows[middle].top + this.rows[middle].height < y) low = middle + 1; else high = middle;
    }
    return low;
  }

  rowAt(y) { return this.rows[this.rowIndex(y)]; }

  rowOf(index) {
    let low = 0, high = this.rows.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.rows[middle].last < index) low = middle + 1; else high = middle;
    }
    return low;
  }

  draw() {
    if (!this.rows?.length) return;
    const from = scrollY - this.top();
    const quick = Math.abs(from - (this.before ?? from)) > 2500;
    this.before = from;
    const a = this.rowIndex(from - AHEAD), b = this.rowIndex(from + innerHeight + AHEAD);
    const first = this.rows[a].first, last = this.rows[b].last;
    for (const [index, tile] of this.tiles) {
      if ((index < first || index > last) && tile !== document.activeElement) { tile.querySelectorAll("img").forEach((i) => i.removeAttribute("src")); tile.remove(); this.tiles.delete(index); }
    }
    const fresh = document.createDocumentFragment();
    for (let r = a; r <= b; r += 1) {
      const row = this.rows[r];
      for (let i = row.first; i <= row.last; i += 1) if (!this.tiles.has(i)) fresh.append(this.tile(i, row));
    }
    this.list.append(fresh);
    this.heads(from);
    this.fetch(first, last, quick);
    this.onmove(from, this.monthAt(from + 60));
  }

  heads(from) {
    for (const m of this.months) {
      const near = m.top > from - AHEAD && m.top < from + innerHeight + AHEAD;
      if (near && !this.headers.has(m)) {
        const header = h("h2", {}, month(m.month));
        header.style.top = `${m.top}px`;
        this.headers.set(m, header);
        this.element.append(header);
      } else if (!near && this.headers.has(m)) { this.headers.get(m).remove(); this.headers.delete(m); }
    }
  }

  monthAt(y) {
    let found = this.months[0];
    for (const m of this.months) { if (m.top > y) break; found = m; }
    return found;
  }

  tile(index, row) {
    const tile = h("a", { class: "tile", role: "listitem", tabindex: index === this.current ? 0 : -1, onfocus: () => { this.current = index; } });
    Object.assign(tile.style, { left: `${this.x[index]}px`, top: `${row.top}px`, width: `${this.w[index]}px`, height: `${row.height}px` });
    this.tiles.set(index, tile);
    if (this.files.has(index)) this.fill(tile, this.files.get(index));
    return tile;
  }

  fill(tile, file) {
    const label = file.title || file.caption || file.name;
    tile.href = `#/item/${file.digest}`;
    tile.classList.add(file.kind);
    tile.setAttribute("aria-label", `${W.kind[file.kind]}: ${label}`);
    const image = thumb(file.digest);
    image.loading = "eager";
    image.addEventListener("error", () => tile.classList.add("bare"));
    tile.replaceChildren(image, h("span", { class: "name", "aria-hidden": "true" }, file.kind === "audio" ? file.name : label));
    if (file.duration_s) tile.append(h("span", { class: "badge", "aria-hidden": "true" }, clock(file.duration_s)));
    if (file.kind === "video") hover(tile, file);
  }

  // Pieces far from the window are not waited for; a quick scroll asks only where it comes to rest.
  fetch(first, last, quick) {
    clearTimeout(this.resting);
    const a = Math.floor(first / PIECE), b = Math.floor(last / PIECE);
    for (const [piece, control] of this.asked) if (piece < a - 1 || piece > b + 1) { control.abort(); this.asked.delete(piece); }
    const ask = () => { for (let piece = a; piece <= b; piece += 1) this.ask(piece); };
    if (quick) this.resting = setTimeout(ask, 40); else ask();
  }

  async ask(piece) {
    if (this.asked.has(piece) || this.files.has(piece * PIECE)) return;
    const control = new AbortController();
    this.asked.set(piece, control);
    try {
      const found = await call(`/files${query({ ...this.filters, offset: piece * PIECE, limit: PIECE })}`, { signal: control.signal });
      found.files.forEach((file, i) => {
        const index = piece * PIECE + i;
        this.files.set(index, file);
        if (this.tiles.has(index)) this.fill(this.tiles.get(index), file);
      });
    } catch (error) { if (error.name !== "AbortError") console.warn(error.message); }
    this.asked.delete(piece);
  }

  key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
    let to = this.current;
    if (step !== undefined) to = Math.min(this.total - 1, Math.max(0, this.current + step));
    else if (event.key === "ArrowUp" || event.key === "ArrowDown") to = this.beside(event.key === "ArrowUp" ? -1 : 1);
    else return;
    event.preventDefault();
    this.focus(to);
  }

  beside(step) {
    const row = this.rows[this.rowOf(this.current) + step];
    if (!row) return this.current;
    const middle = this.x[this.current] + this.w[this.current] / 2;
    let best = row.first;
    for (let i = row.first; i <= row.last; i += 1) if (this.x[i] <= middle) best = i;
    return best;
  }

  focus(index) {
    const row = this.rows[this.rowOf(index)], from = this.top() + row.top;
    if (from < scrollY + 90) scrollTo(0, from - 120);
    else if (from + row.height > scrollY + innerHeight - 20) scrollTo(0, from + row.height - innerHeight + 40);
    this.tiles.get(this.current)?.setAttribute("tabindex", -1);
    this.current = index;
    this.draw();
    const tile = this.tiles.get(index);
    tile?.setAttribute("tabindex", 0);
    tile?.focus({ preventScroll: true });
  }

  // Digests around one that is shown, for turning pages in the item view.
  async neighbour(digest, step) {
    let at = -1;
    for (const [index, file] of this.files) if (file.digest === digest) { at = index; if (index === this.current) break; }
    if (at < 0) return null;
    for (let i = at + step; i >= 0 && i < this.total; i += step) {
      if (!this.files.has(i)) await this.ask(Math.floor(i / PIECE));
      const found = this.files.get(i);
      if (!found) return null;
      if (found.digest !== digest) { this.current = i; return found.digest; }
    }
    return null;
  }
}

// Frames of a video under the pointer.
function hover(tile, file) {
  let strip = null;
  const over = (event) => {
    if (event.pointerType === "touch") return;
    if (!strip) {
      const image = h("img", { src: media(file.digest, "strip"), alt: "" }), cursor = h("span", { class: "cursor" });
      strip = h("span", { class: "strip", "aria-hidden": "true" }, image, cursor);
      tile.append(strip);
    }
    const box = tile.getBoundingClientRect(), part = Math.min(0.999, Math.max(0, (event.clientX - box.left) / box.width));
    strip.firstChild.style.transform = `translateX(-${Math.floor(part * 8) * 12.5}%)`;
    strip.lastChild.style.width = `${part * 100}%`;
  };
  tile.addEventListener("pointermove", over);
  tile.addEventListener("pointerleave", () => { strip?.remove(); strip = null; });
}
