"""CLIP against the reference implementation, on a small random checkpoint in the hub's format.

Needs the extra `reference` (transformers and torch); the rest of the suite does not.
"""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mammothbox.errors import WeightsCorrupt, WeightsMissing
from mammothbox.models import open_models
from mammothbox.models.engines.clip import ClipEngine
from mammothbox.models.graphs import clip
from mammothbox.settings import load_settings

WIDTHS = [(300, 200), (200, 301), (224, 224), (64, 640), (50, 40), (223, 225)]


def _train_words(folder: Path) -> tuple[str, str]:
    """`vocab.json` and `merges.txt` of a small byte-level vocabulary."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(unk_token="<|endoftext|>", end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Lowercase()
    words = Regex(r"[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(words, "removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=700,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        end_of_word_suffix="</w>",
        show_progress=False,
    )
    text = Path(__file__).read_text("utf-8") + "a photo of a dog in the snow " * 50
    tokenizer.train_from_iterator(text.splitlines(), trainer)
    model = json.loads(tokenizer.to_str())["model"]
    vocab = dict(model["vocab"])
    for letter in pre_tokenizers.ByteLevel.alphabet():
        vocab.setdefault(f"{letter}</w>", len(vocab))
    for special in ("<|startoftext|>", "<|endoftext|>"):
        vocab[special] = len(vocab)
    merges = [" ".join(pair) if isinstance(pair, list) else pair for pair in model["merges"]]
    (folder / "vocab.json").write_text(json.dumps(vocab), "utf-8")
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n", "utf-8")
    return str(folder / "vocab.json"), str(folder / "merges.txt")


@pytest.fixture(scope="session", params=["quick_gelu", "gelu"])
def published(reference: Any, request: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory as the hub has it; the second kind has another activation and end token."""
    import torch

    folder = tmp_path_factory.mktemp("clip")
    vocab, merges = _train_words(folder)
    tokenizer = reference.CLIPTokenizer(vocab=vocab, merges=merges)
    tokenizer.save_pretrained(folder)
    words = len(tokenizer)
    end = 2 if request.param == "quick_gelu" else tokenizer.eos_token_id
    act = {"hidden_act": request.param}
    text = {
        **{"hidden_size": 96, "num_hidden_layers": 3, "intermediate_size": 384},
        **{"num_attention_heads": 4, "vocab_size": words, "eos_token_id": end, **act},
    }
    vision = {
        **{"hidden_size": 128, "num_hidden_layers": 3, "intermediate_size": 512},
        **{"num_attention_heads": 4, "image_size": 224, "patch_size": 32, **act},
    }
    torch.manual_seed(7)
    config = reference.CLIPConfig(text_config=text, vision_config=vision, projection_dim=512)
    model = reference.CLIPModel(config)
    with torch.no_grad():  # as alive as trained weights are
        for weight in model.parameters():
            weight.mul_(3) if weight.ndim > 1 else weight.add_(torch.randn_like(weight) * 0.1)
    model.save_pretrained(folder, safe_serialization=True)
    reference.CLIPImageProcessor().save_pretrained(folder)
    return folder


def engine(published: Path, folder: Path, *, int8: bool) -> ClipEngine:
    exact = (clip.EXACT_IMAGES, clip.EXACT_TEXTS)
    for name in (clip.IMAGES, clip.TEXTS) if int8 else exact:
        clip.build(published, folder / name)
    for name in ("config.json", "tokenizer.json", "preprocessor_config.json"):
        shutil.copy(published / name, folder)
    return ClipEngine(folder, 2, exact=not int8)


def photos() -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    made = []
    for width, height in WIDTHS:
        coarse = rng.integers(0, 256, (8, 8, 3), np.uint8)
        tall, wide = -(-height // 8), -(-width // 8)
        made.append(coarse.repeat(tall, 0).repeat(wide, 1)[:height, :width])
    return made


TEXTS = ["a photo of a dog", "", "snow", "two words", "a very long text " * 60, "naïve 日本 🐘"]


def strings(count: int) -> list[str]:
    """Texts of every sort: words, capitals, accents, CJK, emoji, symbols, blanks, long ones."""
    rng = random.Random(5)
    letters = (
        "abcdefghijk ABC ÀÉüß 0123 ,.!?'\"#@ "
        "日本語漢字 한글 русский עברית 🐘🦣👨‍👩‍👧 \t\n don't it's"
    )
    made = ["", " ", "don't", "I'll", "🐘🐘", "日本語", "word " * 200, "<|endoftext|> in words"]
    while len(made) < count:
        made.append("".join(rng.choice(letters) for _ in range(rng.randint(1, 80))))
    return made


def cosines(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    two = two / np.linalg.norm(two, axis=1, keepdims=True)
    return (one * two).sum(axis=1)


def told(output: Any) -> np.ndarray:
    found = getattr(output, "pooler_output", output)
    return np.asarray(found.detach().numpy())


@pytest.mark.parametrize(("int8", "least"), [(False, 0.9999), (True, 0.99)])
def test_vectors_are_those_of_the_reference(
    published: Path, reference: Any, tmp_path: Path, int8: bool, least: float
) -> None:
    import torch
    from PIL import Image

    ours = engine(published, tmp_path, int8=int8)
    model = reference.CLIPModel.from_pretrained(published).eval()
    processor = reference.CLIPImageProcessor.from_pretrained(published)
    tokenizer = reference.CLIPTokenizer.from_pretrained(published)
    with torch.no_grad():
        pixels = processor([Image.fromarray(p) for p in photos()], return_tensors="pt")
        images = told(model.get_image_features(pixel_values=pixels["pixel_values"]))
        asked = tokenizer(TEXTS, return_tensors="pt", padding=True, truncation=True, max_length=77)
        texts = told(model.get_text_features(**asked))

    found_images, found_texts = ours.embed_images(photos()), ours.embed_texts(TEXTS)

    assert found_images.shape == (len(WIDTHS), 512) == (len(WIDTHS), ours.dimensions)
    assert np.linalg.norm(found_texts, axis=1) == pytest.approx(1, abs=1e-4)
    assert cosines(found_images, images).min() >= least
    assert cosines(found_texts, texts).min() >= least
    # The reference tells them apart, so equal vectors mean something.
    apart = images / np.linalg.norm(images, axis=1, keepdims=True)
    assert (apart @ apart.T - np.eye(len(apart))).max() < least


def test_pictures_are_prepared_as_the_reference_does(
    published: Path, reference: Any, tmp_path: Path
) -> None:
    from PIL import Image

    ours = engine(published, tmp_path, int8=True)
    processor = reference.CLIPImageProcessor.from_pretrained(published)
    for photo in photos():
        (wanted,) = processor(Image.fromarray(photo), return_tensors="np")["pixel_values"]
        assert np.abs(ours.prepare(photo) - wanted).max() < 1e-5, photo.shape


def test_words_are_cut_as_the_reference_does(
    published: Path, reference: Any, tmp_path: Path
) -> None:
    ours = engine(published, tmp_path, int8=True)
    tokenizer = reference.CLIPTokenizer.from_pretrained(published)
    for text in strings(1000):
        wanted = tokenizer(text, truncation=True, max_length=77)["input_ids"]
        assert ours.tokenize([text])[0].tolist() == wanted, text


def test_one_alone_is_as_in_company(published: Path, tmp_path: Path) -> None:
    ours = engine(published, tmp_path, int8=False)
    assert np.allclose(ours.embed_texts(TEXTS)[2], ours.embed_texts([TEXTS[2]])[0], atol=1e-5)
    assert ours.embed_images([]).shape == (0, 512)


def test_the_towers_load_apart(published: Path, tmp_path: Path) -> None:
    ours = engine(published, tmp_path, int8=True)
    (tmp_path / clip.IMAGES).unlink()
    assert ours.embed_texts(["a dog"]).shape == (1, 512)
    with pytest.raises(WeightsMissing, match="pull"):
        ours.embed_images(photos())


def test_eight_bits_take_less(published: Path, tmp_path: Path) -> None:
    names = (clip.IMAGES, clip.EXACT_IMAGES)
    few, exact = (clip.build(published, tmp_path / name).stat().st_size for name in names)
    # The patches stay exact, and they are much of so small a network.
    assert few < 0.6 * exact


def test_another_network_is_refused(published: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    shutil.copy(published / "model.safetensors", broken)
    (broken / "config.json").write_text('{"vision_config": {"hidden_size": 3}}')
    with pytest.raises(WeightsCorrupt, match="not a CLIP"):
        clip.build(broken, tmp_path / clip.IMAGES)


@pytest.mark.parametrize("chosen_id", ["clip-vit-base-patch32", "clip-vit-b-32-laion2b-s34b-b79k"])
def test_a_host_of_the_full_profile_serves_it(
    published: Path, tmp_path: Path, chosen_id: str
) -> None:
    """From a pulled directory through derived graphs, a process and a lease to vectors."""
    folder = tmp_path / "models" / chosen_id
    folder.mkdir(parents=True)
    names = ("config.json", "tokenizer.json", "preprocessor_config.json", "model.safetensors")
    for name in names:
        shutil.copy(published / name, folder)
    chosen = load_settings(
        {},
        cache=tmp_path,
        leases=tmp_path / "leases",
        profile="full",
        threads=1,
        embedder=chosen_id,
    )
    direct = engine(published, tmp_path, int8=True)
    with open_models(chosen) as models, models.embedder() as embedder:
        images, texts = embedder.embed_images(photos()), embedder.embed_texts(TEXTS)
        assert models.pids().keys() == {"clip"}
        assert embedder.card.id == chosen_id
    assert np.allclose(images, direct.embed_images(photos()), atol=1e-4)
    assert np.allclose(texts, direct.embed_texts(TEXTS), atol=1e-4)
