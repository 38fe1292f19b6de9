// Files dropped on the page: find pictures like one, or add them to the library.
import { $, h, call, query, tell, toast } from "./dom.js";
import { likePicture } from "./search.js";
import W from "./words.js";

export function dropping() {
  const cover = $("drop");
  const zone = (text, act) => {
    const area = h("div", {
      ondragover: (e) => { e.preventDefault(); area.classList.add("over"); },
      ondragleave: () => area.classList.remove("over"),
      ondrop: (e) => { e.preventDefault(); area.classList.remove("over"); cover.hidden = true; act([...e.dataTransfer.files]).catch(tell); },
    }, text);
    return area;
  };
  cover.append(zone(W.dropFind, find), zone(W.dropAdd, add));
  addEventListener("dragenter", (e) => { if (e.dataTransfer?.types.includes("Files")) cover.hidden = false; });
  addEventListener("dragover", (e) => { if (!cover.hidden) e.preventDefault(); });
  addEventListener("dragleave", (e) => { if (!e.relatedTarget) cover.hidden = true; });
  addEventListener("drop", () => { cover.hidden = true; });
}

async function find(files) {
  if (!files.length) return;
  likePicture(files[0]);
}

export async function add(files) {
  if (!files.length) return;
  toast(W.adding(files.length));
  location.hash = "#/activity";
  for (const file of files) {
    await call(`/uploads${query({ name: file.name })}`, { method: "POST", raw: file });
  }
}
