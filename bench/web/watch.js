// Runs in the page before its own code: how long tiles stay blank, how long frames take, and how
// long it takes from a key in the search box to its results on the screen. Milliseconds.
(() => {
  const blank = new Map();
  let last = 0, typed = null;
  const bench = window.bench = { blank: [], frames: [], shown: [], first: 0, on: false };
  const over = (tile, now) => { if (bench.on) bench.blank.push(now - blank.get(tile)); blank.delete(tile); };
  const look = (now) => {
    const waiting = new Set();
    for (const tile of document.querySelectorAll(".tile")) {
      const box = tile.getBoundingClientRect(), image = tile.querySelector("img");
      if (box.bottom < 60 || box.top > innerHeight) continue;
      if (image && image.complete && image.naturalWidth) bench.first ||= now;
      else { waiting.add(tile); if (!blank.has(tile)) blank.set(tile, now); }
    }
    // One that left the window, or the page, before it was filled was blank until now.
    for (const tile of [...blank.keys()]) if (!waiting.has(tile)) over(tile, now);
    bench.waiting = waiting.size;
    if (bench.on && last) bench.frames.push(now - last);
    last = now;
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  addEventListener("input", (event) => {
    if (event.target.id === "search") typed = { q: event.target.value.trim(), at: performance.now() };
  }, true);
  const drawn = () => {
    if (!typed || document.querySelector("[data-query]")?.dataset.query !== typed.q) return;
    const { at } = typed;
    typed = null;
    requestAnimationFrame(() => requestAnimationFrame((now) => bench.shown.push(now - at)));
  };
  addEventListener("DOMContentLoaded", () => {
    new MutationObserver(drawn).observe(document.getElementById("main"), { childList: true });
  });
})();
