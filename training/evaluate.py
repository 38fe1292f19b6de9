"""The figures of the model card, from the shipped weights and the package's own engine.

    python -m training.evaluate --media DIR --backbone FILE --minilm DIR

Prints one JSON object: recalls, CIDEr-D and BLEU-4 on Flickr8k's validation split; the same on the
captioned COCO photos; and the share of COCO photos whose words name a true object, for the
captioner alone and for what is said in the end.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import re
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from bench.metrics.bleu import bleu
from bench.metrics.cider import cider
from mammothbox.models.engines.eyes import EyesEngine
from mammothbox.models.engines.eyes_labels import SHIPPED

WORDS = {
    "person": "man woman boy girl child children people men women kid kids person player baby "
    "toddler lady guy skier surfer snowboarder group crowd boys girls players",
    "bicycle": "bike bikes bicycles tricycle cyclist",
    "motorcycle": "motorbike scooter moped dirt",
    "airplane": "plane airliner jet warplane",
    "bus": "minibus trolleybus school",
    "boat": "boats ship canoe kayak sailboat gondola",
    "bird": "birds gull duck goose",
    "cat": "cats kitten tabby",
    "dog": "dogs puppy retriever terrier",
    "horse": "horses sorrel",
    "cow": "cows ox bull",
    "elephant": "elephants tusker",
    "couch": "sofa",
    "tv": "television screen monitor",
    "cell phone": "phone cellphone cellular telephone",
    "sports ball": "ball soccer basketball football",
    "dining table": "table",
    "potted plant": "plant pot",
    "teddy bear": "teddy",
    "traffic light": "traffic",
    "wine glass": "glass wine goblet",
    "donut": "doughnut donuts",
    "refrigerator": "fridge",
    "laptop": "notebook",
}
"""Other words for COCO's classes; a class's own words count too."""


def names_object(text: str, objects: Sequence[str]) -> bool:
    """Whether any word of the text names one of the objects."""
    said = set(re.findall(r"[a-z]+", text.lower()))
    for name in objects:
        forms = {*WORDS.get(name, "").split(), name, f"{name}s", f"{name}es"}
        if said & forms or (" " in name and name in text.lower()):
            return True
    return False


def ranks(scores: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rank (from 0) of each text's photo, and of each photo's best text, by texts x photos."""
    forward = (scores > scores[np.arange(len(own)), own][:, None]).sum(1)
    back = [(scores[:, i] > scores[own == i, i].max()).sum() for i in range(scores.shape[1])]
    return forward, np.array(back)


def recalls(values: np.ndarray) -> dict[str, float]:
    """Recall at 1, 5, 10 and the median rank (from 1)."""
    found = {f"r{k}": round(float((values < k).mean()), 4) for k in (1, 5, 10)}
    return {**found, "median_rank": float(np.median(values)) + 1}


def _pixels(path: Path) -> np.ndarray:
    with Image.open(path) as file:
        return np.asarray(file.convert("RGB"))


def retrieval_and_captions(
    eyes: EyesEngine, photos: list[Path], references: list[list[str]]
) -> dict[str, object]:
    """All figures of one captioned set."""
    began = time.process_time()
    looks = [look for path in photos for look in eyes.look([_pixels(path)])]
    spent = (time.process_time() - began) / len(photos) * 1000
    texts = eyes.embed_texts([text for group in references for text in group])
    own = np.repeat(np.arange(len(photos)), [len(group) for group in references])
    forward, back = ranks(texts @ np.stack([look.vector for look in looks]).T, own)
    said = [look.caption for look in looks]
    return {
        "photos": len(photos),
        "text_to_image": recalls(forward),
        "image_to_text": recalls(back),
        "cider": round(cider(said, references).mean, 4),
        "bleu4": round(bleu(said, references), 4),
        "from_labels": sum(look.from_labels for look in looks),
        "cpu_ms_a_photo_one_by_one": round(spent, 1),
    }


def coco(eyes: EyesEngine, media: Path) -> dict[str, object]:
    """Another world: captioned COCO photos, and objects named before and after the labels' help."""
    with (media / "index.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if "photos/coco" in row["path"]]
    rows = [row for row in rows if "objects:" in row["truth"]]
    plain, final, people = [], [], []
    for row in rows:
        found = row["truth"].split("objects:")[1].split(",")
        objects = [re.sub(r" x\d+\s*$", "", item.strip()) for item in found]
        image = _pixels(media / row["path"])
        (look,) = eyes.look([image])
        (alone,) = eyes.sentences([image])
        plain.append(names_object(alone.text, objects))
        final.append(names_object(look.caption, objects))
        people.append("person" in objects)
    captioned = [row for row in rows if "captions:" in row["truth"]]
    groups = [
        [s.strip() for s in row["truth"].split("captions:")[1].split("; objects:")[0].split("||")]
        for row in captioned
    ]
    figures: dict[str, object] = {"photos_with_objects": len(rows)}
    for name, values in (("captioner_alone", plain), ("said_in_the_end", final)):
        hits = np.array(values)
        figures[name] = round(float(hits.mean()), 4)
        figures[f"{name}_no_people"] = round(float(hits[~np.array(people)].mean()), 4)
    if captioned:
        paths = [media / row["path"] for row in captioned]
        figures["captioned"] = retrieval_and_captions(eyes, paths, groups)
    return figures


def main() -> None:
    """Command line; see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--media", type=Path, required=True)
    parser.add_argument("--backbone", type=Path, required=True)
    parser.add_argument("--minilm", type=Path, required=True)
    parser.add_argument("--split", default="val")
    args = parser.parse_args()
    eyes = EyesEngine(args.backbone, args.minilm, threads=2)
    folder, groups = args.media / "photos/flickr8k", {}
    with (folder / "captions.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["split"] == args.split:
                groups.setdefault(row["image"], []).append(row["caption"])
    paths = [folder / args.split / name for name in groups]
    found = {args.split: retrieval_and_captions(eyes, paths, list(groups.values()))}
    found["coco"] = coco(eyes, args.media)
    found["weights"] = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(SHIPPED.glob("eyes*"))
    }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
