"""The eyes on the real backbone and real photos."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import numpy.typing as npt
import psutil
import pytest
from PIL import Image

from bench.metrics.cider import cider
from mammothbox.arrays import Pixels
from mammothbox.models import open_models
from mammothbox.models.cache import Cache
from mammothbox.models.catalog import EYES
from mammothbox.models.engines.eyes import EyesEngine, Space
from mammothbox.models.engines.eyes_labels import label_names, label_sentence, top_labels
from mammothbox.models.graphs import efficientnet_lite2
from mammothbox.models.host.serving import _loader
from mammothbox.settings import load_settings

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def eyes(eyes_graph: Path, minilm_dir: Path) -> EyesEngine:
    return EyesEngine(eyes_graph, minilm_dir, threads=2)


def _pixels(path: Path) -> Pixels:
    with Image.open(path) as file:
        return np.asarray(file.convert("RGB"))


def test_most_photos_get_their_own_label_first(eyes: EyesEngine, media: Path) -> None:
    paths = sorted((media / "photos/imagenet1000").iterdir())
    truth = [path.stem.split("_", 1)[1].replace("_", " ").lower() for path in paths]

    looks = eyes.look([_pixels(path) for path in paths])

    right = [look.labels[0][0].lower() == name for look, name in zip(looks, truth, strict=True)]
    # Whole frames, squashed: wrong mean, wrong padding or a wrong class order all fall below 0.7.
    assert np.mean(right) >= 0.7


def test_integers_see_what_exact_numbers_see(
    eyes: EyesEngine, eyes_pth: Path, minilm_dir: Path, media: Path, tmp_path: Path
) -> None:
    graph = efficientnet_lite2.build(eyes_pth, tmp_path / "exact.onnx", exact=True)
    exact = EyesEngine(graph, minilm_dir, threads=2)
    photos = [_pixels(path) for path in sorted((media / "photos/flickr8k/val").iterdir())[:24]]

    pairs = list(zip(eyes.features(photos), exact.features(photos), strict=True))

    cosines = [_cosine(ours.cells, theirs.cells) for ours, theirs in pairs]
    assert min(cosines) > 0.98
    assert max(cosines) < 0.99999  # they are integers
    same = [ours.logits.argmax() == theirs.logits.argmax() for ours, theirs in pairs]
    assert np.mean(same) > 0.85
    vectors = zip(eyes.embed_images(photos), exact.embed_images(photos), strict=True)
    assert min(_cosine(*pair) for pair in vectors) > 0.98


def _cosine(a: npt.NDArray[np.float32], b: npt.NDArray[np.float32]) -> float:
    return float((a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b))


def _val(media: Path, photos: int) -> tuple[list[Pixels], list[list[str]]]:
    """The first photos of Flickr8k's validation split, and the sentences of each."""
    groups: dict[str, list[str]] = {}
    with open(media / "photos/flickr8k/captions.csv") as file:
        for row in csv.DictReader(file):
            if row["split"] == "val":
                groups.setdefault(row["image"], []).append(row["caption"])
    names = sorted(groups)[:photos]
    pixels = [_pixels(media / "photos/flickr8k/val" / name) for name in names]
    return pixels, [groups[name] for name in names]


# Among 200 photos chance is 0.05; ConSE reaches about 0.55, the trained space about 0.9.
@pytest.mark.parametrize(("space", "least"), [("conse", 0.45), ("trained", 0.8)])
def test_a_sentence_finds_its_photo(
    eyes_graph: Path, minilm_dir: Path, media: Path, space: Space, least: float
) -> None:
    engine = EyesEngine(eyes_graph, minilm_dir, threads=2, space=space)
    pixels, sentences = _val(media, 200)

    photos = engine.embed_images(pixels)
    texts = engine.embed_texts([text for group in sentences for text in group])

    assert photos.shape == (200, 512)
    own = np.repeat(np.arange(200), [len(group) for group in sentences])
    scores = texts @ photos.T
    ranks = (scores > scores[np.arange(len(own)), own][:, None]).sum(axis=1)
    assert np.mean(ranks < 10) >= least


def test_captions_say_much_what_people_say(eyes: EyesEngine, media: Path) -> None:
    pixels, sentences = _val(media, 100)
    looks = eyes.look(pixels)
    score = cider([look.caption for look in looks], sentences).mean
    # Sentences of other photos score about 0.1; labels alone nearly nothing.
    assert score >= 0.3
    wrong = cider([look.caption for look in looks[1:] + looks[:1]], sentences).mean
    assert score > 2 * wrong


def test_a_photo_of_nothing_is_not_spoken_of_with_confidence(eyes: EyesEngine) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)
    (look,) = eyes.look([noise])
    assert look.confidence < 0.5


def test_vectors_and_captions_do_not_depend_on_company(eyes: EyesEngine, media: Path) -> None:
    paths = sorted((media / "photos/flickr8k/val").iterdir())[:11]
    images = [_pixels(path) for path in paths]

    looks = eyes.look(images)

    vectors = np.stack([look.vector for look in looks])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(vectors, eyes.embed_images(images), atol=1e-5)
    assert np.allclose(vectors[10], eyes.embed_images(images[10:])[0], atol=1e-4)
    # Photos whose sentence is complete leave the batch early; what they said must not change.
    for number in (1, 2, 5):
        groups = [images[at : at + number] for at in range(0, len(images), number)]
        apart = [look for group in groups for look in eyes.look(group)]
        assert [look.caption for look in apart] == [look.caption for look in looks]
        assert [look.confidence for look in apart] == [look.confidence for look in looks]


@pytest.mark.parametrize(("first", "sees"), [("captioner", True), ("text_embedder", False)])
def test_the_host_loads_at_once_what_it_is_started_for(
    first: str, sees: bool, eyes_graph: Path
) -> None:
    senses = _loader(EYES, Cache(load_settings().cache), 1, "lite", first)()
    assert ("_session" in vars(senses.eyes)) is sees

    with open_models(load_settings(threads=1)) as models:
        models.start(first)
        command = psutil.Process(models.pids()["eyes"]).cmdline()
    assert command[command.index("--first") + 1] == first


@pytest.mark.parametrize("shape", [(1, 1), (3, 2000), (2000, 3), (260, 260)])
def test_any_shape_is_seen(eyes: EyesEngine, shape: tuple[int, int]) -> None:
    (look,) = eyes.look([np.full((*shape, 3), 128, np.uint8)])
    assert np.isfinite(look.vector).all()
    assert look.caption
    assert 0 <= look.confidence <= 1


def test_nothing_in_nothing_out(eyes: EyesEngine) -> None:
    assert eyes.look([]) == []
    assert eyes.embed_images([]).shape == (0, 512)


def test_labels_are_a_thousand_different_names() -> None:
    names = label_names()
    assert len(names) == len(set(names)) == 1000
    probabilities = np.zeros(1000, np.float32)
    probabilities[[207, 852, 5]] = [0.6, 0.3, 0.02]
    labels = top_labels(probabilities)
    assert label_sentence(labels) == "probably: golden retriever, tennis ball"
