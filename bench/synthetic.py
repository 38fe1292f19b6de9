"""A library of made-up files that are as alike as real ones, for planning at scale.

Vectors are those of real photos and of people's captions with noise added, so that groups are as
blurred as in life; times come in outings over fifteen years, some far from home; captions, spoken
words and papers' words are drawn from the shared captions and from texts with known words. All is
written through the store's own door; the files themselves do not exist.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from bench.media import flickr_captions, load_index, spoken_truth, text_truth
from mammothbox.arrays import Vectors
from mammothbox.errors import NotFound
from mammothbox.library import Library
from mammothbox.memory import MemoryMeter
from mammothbox.organise.options import PlanOptions
from mammothbox.records import Digest, Done, Embedding, FileRef, Kind, Passage, Result
from mammothbox.settings import Settings
from mammothbox.understand.steps import BY_NAME, author_of

PHOTOS = 600
"""Real photos whose vectors are taken."""
BATCH = 2000
NOISE = 0.7
"""Length of the noise added to a vector of length 1; two files of one photo have cosine 0.67."""
KINDS = ((Kind.IMAGE, 0.72), (Kind.VIDEO, 0.06), (Kind.DOCUMENT, 0.14), (Kind.AUDIO, 0.08))
SENTENCES = 14
"""Captions in the text of a made-up paper."""
FOLDER = "/synthetic"
MADE = "made up by bench.synthetic"
"""Key under which the library remembers how it was filled."""


@dataclass(frozen=True, slots=True)
class Seeds:
    """What made-up files are made of.

    Attributes:
        captions: of each photo.
        looks: N x 512, of the photos.
        reads: N x 384, of the first caption of each.
        papers, paper_reads: texts of real papers and their vectors.
        spoken: transcripts of real speech.
    """

    captions: Sequence[Sequence[str]]
    looks: Vectors
    reads: Vectors
    papers: Sequence[str]
    paper_reads: Vectors
    spoken: Sequence[str]


def measure(media: Path, settings: Settings, count: int) -> dict[str, Any]:
    """Fills a library with `count` files, then plans without and with the writer.

    Returns:
        Seconds, peak memory in megabytes (10^6 bytes, all processes), folders, calls, tokens; and
        about how many tokens all the words in the library are.
    """
    result = fill_once(media, settings, count)
    for name, options in (
        ("without_writer", PlanOptions(writer=False)),
        ("with_writer", PlanOptions()),
        ("again_by_mixed", PlanOptions(by="mixed", hint="photos by year")),
    ):
        with Library.open(settings, write=True) as library, MemoryMeter() as meter:
            begin = time.perf_counter()
            made = library.plan(FOLDER, options)
            seconds = time.perf_counter() - begin
        result[name] = {
            "seconds": round(seconds, 1),
            "peak_mb": round(meter.peak / 1e6),
            "folders": len(made.folders),
            "calls": made.cost["writer_calls"],
            "failed": made.cost["writer_failed"],
            "prompt_tokens_about": made.cost["prompt_tokens_about"],
            "longest_prompt_tokens_about": made.cost["longest_prompt_tokens_about"],
            "answer_tokens_about": made.cost["answer_tokens_about"],
        }
    return result


def fill_once(media: Path, settings: Settings, count: int) -> dict[str, Any]:
    """Fills the library, unless an earlier run did; what that took, and its words in tokens."""
    with Library.open(settings, write=True) as library:
        made = library.store.meta(MADE)
        found: dict[str, Any] = json.loads(made) if made else {}
        if found.get("files") != count:
            seeds = read_seeds(media, library)
            begin = time.perf_counter()
            characters = fill(library, seeds, count)
            found = {
                "files": count,
                "filling_s": round(time.perf_counter() - begin, 1),
                "collection_tokens_about": characters // 4,
            }
            library.store.set_meta(MADE, json.dumps(found))
    return found


def read_seeds(media: Path, library: Library) -> Seeds:
    """Real vectors and words from the shared media.

    Raises:
        NotFound: there are no photos with captions.
    """
    photos = dict(list(flickr_captions(media, "val").items())[:PHOTOS])
    if not photos:
        raise NotFound(f"{media} has no photos with captions")
    captions = list(photos.values())
    index = load_index(media)
    spoken = [truth.text for item in index if (truth := spoken_truth(item.truth)) and truth.written]
    papers = [text for item in index if len(text := text_truth(item)) > 80]
    with library.models.embedder() as embedder:
        paths = list(photos)
        batches = [paths[start : start + 32] for start in range(0, len(paths), 32)]
        looks = np.concatenate(
            [embedder.embed_images([_pixels(path) for path in some]) for some in batches]
        )
    with library.models.text_embedder() as reader:
        reads = reader.embed_texts([mine[0] for mine in captions])
        paper_reads = reader.embed_texts([text[:800] for text in papers])
    return Seeds(captions, looks, reads, papers, paper_reads, spoken)


def _pixels(path: Path) -> Any:
    from PIL import Image

    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def fill(library: Library, seeds: Seeds, count: int) -> int:
    """Writes `count` files and what is known of them; gives the characters of all words."""
    chance = np.random.default_rng(11)
    names, shares = [kind for kind, _ in KINDS], [share for _, share in KINDS]
    cards = library.models.cards()
    characters = 0
    for start in range(0, count, BATCH):
        refs: list[FileRef] = []
        results: list[Result] = []
        for number in range(start, min(start + BATCH, count)):
            kind = names[int(chance.choice(len(names), p=shares))]
            ref = _ref(number, kind)
            mine, words = _known(ref, number, seeds, chance)
            authors = {step: author_of(BY_NAME[step], kind, cards) for step in mine}
            results += [
                replace(one, model=authors[step].model, revision=authors[step].revision,
                        model_revision=authors[step].model_revision)
                for step, one in mine.items()
            ]  # fmt: skip
            refs.append(ref)
            characters += len(words)
        library.store.record_files(refs)
        library.store.commit(results)
    return characters


def _ref(number: int, kind: Kind) -> FileRef:
    ending, mime = {
        Kind.IMAGE: ("jpg", "image/jpeg"),
        Kind.VIDEO: ("mp4", "video/mp4"),
        Kind.AUDIO: ("wav", "audio/wav"),
        Kind.DOCUMENT: ("txt", "text/plain"),
    }[kind]
    path = f"{FOLDER}/F_{number:06}.{ending}"
    return FileRef(path, 1000 + number, 10**18 + number, kind, mime, Digest(f"{number:064x}"))


def _known(
    ref: FileRef, number: int, seeds: Seeds, chance: np.random.Generator
) -> tuple[dict[str, Result], str]:
    """Step → result (its author still open), and the words of the file."""
    photo = int(chance.integers(len(seeds.captions)))
    sentence = _one_of(seeds.captions[photo], chance)

    def result(step: str, value: dict[str, Any], *found: Any) -> Result:
        passages = tuple(one for one in found if isinstance(one, Passage))
        vectors = tuple(one for one in found if isinstance(one, Embedding))
        return Result(ref.digest, step, "", "", Done(value), passages, vectors)

    if ref.kind in (Kind.IMAGE, Kind.VIDEO):
        looks = Embedding("joint", _noisy(seeds.looks[photo], chance))
        reads = Embedding("text", _noisy(seeds.reads[photo], chance), text=sentence)
        caption = {"caption": sentence, "confidence": 0.5, "from_labels": False, "labels": []}
        return {
            "facts": result("facts", _facts(number, chance)),
            "caption": result("caption", caption, Passage("caption", sentence)),
            "embed": result("embed", {}, looks),
            "chunks": result("chunks", {"vectors": 1}, reads),
        }, sentence
    paper = bool(seeds.papers) and chance.random() < 0.5
    if ref.kind == Kind.DOCUMENT and paper:
        place = int(chance.integers(len(seeds.papers)))
        text, vector = seeds.papers[place], seeds.paper_reads[place]
    else:
        lines = SENTENCES if ref.kind == Kind.DOCUMENT else 1
        said = seeds.spoken if ref.kind == Kind.AUDIO and chance.random() < 0.7 else [sentence]
        more = [_one_of(seeds.captions[photo], chance) for _ in range(lines - 1)]
        text, vector = " ".join([_one_of(said, chance), *more]), seeds.reads[photo]
    facts = {"duration_s": len(text) / 14} if ref.kind == Kind.AUDIO else {}
    chunks = result("chunks", {"vectors": 1}, Embedding("text", _noisy(vector, chance), text=text))
    step, value = "text", dict[str, Any](characters=len(text))
    if ref.kind == Kind.AUDIO:
        segment = {"start_s": 0.0, "end_s": 1.0, "text": text}
        step, value = "transcript", {"language": "en", "segments": [segment]}
    words = result(step, value, Passage("transcript" if step == "transcript" else "text", text))
    return {"facts": result("facts", facts), step: words, "chunks": chunks}, text


def _one_of(texts: Sequence[str], chance: np.random.Generator) -> str:
    return texts[int(chance.integers(len(texts)))]


def _facts(number: int, chance: np.random.Generator) -> dict[str, Any]:
    """When and where: outings of about forty pictures, every sixth far away, half with a place."""
    outing = np.random.default_rng(number // 40)
    day = datetime(2009, 1, 1, 9) + timedelta(days=int(outing.integers(5500)))
    moment = day + timedelta(minutes=int(chance.integers(600)))
    home = (48.1, 11.6) if outing.random() > 1 / 6 else tuple(outing.uniform(-45, 60, 2).tolist())
    found: dict[str, Any] = {
        "taken_at": moment.isoformat(),
        "phash": f"{int(chance.integers(2**63)):016x}",
    }
    if chance.random() < 0.5:
        found["gps"] = [home[0] + chance.normal(0, 0.02), home[1] + chance.normal(0, 0.02)]
    return found


def _noisy(vector: Vectors, chance: np.random.Generator) -> Vectors:
    noise = chance.normal(size=len(vector)).astype(np.float32)
    found = vector + NOISE * noise / np.linalg.norm(noise)
    return np.asarray(found / np.linalg.norm(found), np.float32)
