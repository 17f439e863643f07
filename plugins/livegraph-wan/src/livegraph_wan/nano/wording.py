"""Prompts made of phrases: some to train on, others held back to test wording."""

import random

from livegraph_wan.nano.phrases import EXTRAS, HELD_BACK, PHRASES, SUBJECTS


def _split(text: str) -> list[str]:
    return [" ".join(part.split()) for part in text.split(";") if part.strip()]


_SUBJECT_LIST, _EXTRA_LIST = _split(SUBJECTS), _split(EXTRAS)
TRAINING_PHRASES = {style: _split(text)[:-HELD_BACK] for style, text in PHRASES.items()}
EVERY_PHRASE = [*_SUBJECT_LIST, *_EXTRA_LIST, *(phrase for phrases in TRAINING_PHRASES.values() for phrase in phrases)]
"""All that training prompts are made of."""
HELD_BACK_PHRASES = {style: _split(text)[-HELD_BACK:] for style, text in PHRASES.items()}


def make_prompt(style: str, rng: random.Random) -> str:
    """A training prompt for `style`: a phrase in some frame of words, with words left out."""
    phrase = _drop_words(rng.choice(TRAINING_PHRASES[style]), rng)
    if rng.random() < 0.12:
        phrase = f"{phrase}, {_drop_words(rng.choice(TRAINING_PHRASES[style]), rng)}"
    parts = [phrase]
    if rng.random() < 0.4:
        parts.append(rng.choice(_SUBJECT_LIST))
    while rng.random() < 0.25:
        parts.append(rng.choice(_EXTRA_LIST))
    if rng.random() < 0.15:
        parts.append(unknown_word(rng))
    rng.shuffle(parts)
    if style == "photograph" and rng.random() < 0.3:
        parts = [part for part in parts if part is not phrase]
    return ", ".join(parts)


def unknown_word(rng: random.Random) -> str:
    """A word that does not exist: so that words which training never saw do no harm beside those it did."""
    consonants, vowels = "bcdfghjklmnprstvwz", "aeiou"
    syllables = (rng.choice(consonants) + rng.choice(vowels) for _ in range(rng.randint(2, 4)))
    return "".join(syllables) + rng.choice(("", "s", "n", "ing", "er"))


def _drop_words(phrase: str, rng: random.Random) -> str:
    """Leave out a word of a phrase of three or more now and then, so that none is needed."""
    words = phrase.split()
    if len(words) < 3 or rng.random() < 0.5:
        return phrase
    del words[rng.randrange(len(words))]
    return " ".join(words)
