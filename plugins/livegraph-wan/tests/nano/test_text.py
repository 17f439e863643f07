"""The text encoder and the wording that it is trained on."""

import random

import pytest
import torch

from livegraph_wan.nano.styles import STYLES
from livegraph_wan.nano.text import NanoText, tokenize
from livegraph_wan.nano.wording import HELD_BACK_PHRASES, TRAINING_PHRASES, make_prompt, unknown_word
from livegraph_wan.nano.words import WORDS, words_of


def test_case_punctuation_and_small_words_do_not_count() -> None:
    assert words_of("An OIL painting, in the style of Monet!") == ["oil", "painting", "monet"]
    assert tokenize("an oil painting").equal(tokenize("Oil: painting"))


def test_hashes_are_the_same_everywhere() -> None:
    """Python's own hash() changes from run to run; weights would be worthless."""
    assert tokenize("oil")[0, :3].tolist() == [2194, 2930, 2437]


def test_long_and_empty_prompts_have_the_same_shape() -> None:
    text = NanoText()
    assert text.read("word " * 99).shape == text.read("").shape == (1, WORDS, 64)
    assert not text.read("").any()


def test_words_with_a_common_stem_are_near_each_other() -> None:
    torch.manual_seed(0)
    text = NanoText()
    a, b, c = (text.read(word)[0, 0] for word in ("painting", "paintings", "thermal"))
    assert torch.cosine_similarity(a, b, 0) > 0.6 > torch.cosine_similarity(a, c, 0)


@pytest.mark.parametrize("style", STYLES)
def test_every_style_has_wording_to_spare(style: str) -> None:
    assert len(TRAINING_PHRASES[style]) >= 30
    assert len(HELD_BACK_PHRASES[style]) == 5
    assert not set(TRAINING_PHRASES[style]) & set(HELD_BACK_PHRASES[style])


def test_the_phrases_of_two_styles_differ() -> None:
    phrases = [phrase for style in STYLES for phrase in TRAINING_PHRASES[style] + HELD_BACK_PHRASES[style]]
    assert len(phrases) == len(set(phrases))


def test_prompts_vary_and_repeat_with_the_seed() -> None:
    made = [[make_prompt("oil", random.Random(seed)) for _ in range(50)] for seed in (1, 1)]
    assert made[0] == made[1]
    assert len({make_prompt("oil", random.Random(seed)) for seed in range(50)}) > 40


def test_made_up_words_are_unlike_each_other() -> None:
    rng = random.Random(1)
    words = {unknown_word(rng) for _ in range(200)}
    assert len(words) > 150
    assert all(word.isascii() and word.isalpha() for word in words)


def test_prompts_say_what_they_ask_for() -> None:
    """Whatever is left out and added, a word of one of the style's phrases is there."""
    rng = random.Random(2)
    for style in STYLES:
        known = {word for phrase in TRAINING_PHRASES[style] for word in words_of(phrase)}
        if style != "photograph":  # for which nothing may be said
            assert all(known & set(words_of(make_prompt(style, rng))) for _ in range(100))
