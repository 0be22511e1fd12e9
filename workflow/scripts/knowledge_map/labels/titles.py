"""Titles as names of areas: which of them say little, and how they are shown."""

import numpy as np
import pyarrow as pa

from knowledge_map.common.arrow import compute as pc

MONTH = "(january|february|march|april|may|june|july|august|september|october|november|december)"

UNINFORMATIVE = "|".join(
    [
        # Lists and other articles about articles; the other languages are those of the largest Wikipedias with Latin letters.
        r"^(lists?|outline|index|glossary) of\b",
        r"^(liste (der|des|de|von)|lista (de|dei|delle|di)|lijst van|anexo:)",
        r"\((disambiguation|begriffsklärung|homonymie|desambiguación|desambiguação|disambigua|doorverwijspagina)\)\s*$",
        r"\((sur)?name\)\s*$|\(given name\)\s*$|^(surname|given name)s?$",
        # Years, decades, centuries, days, and what happened in a year.
        r"^\d{1,4}s?( (bc|bce|ad|ce))?$",
        r"^\d{1,4}(s|[–-]\d{1,4})?( (bc|bce))? in\b",
        r"^\d{1,2}(st|nd|rd|th) (century|millennium)( (bc|bce|ad|ce))?( in\b.*)?$",
        rf"^{MONTH}( \d{{1,2}})?(,? \d{{1,4}})?$",
        rf"^\d{{1,2}} {MONTH}( \d{{1,4}})?$",
        # Numbers, and what has no letter at all.
        r"^\PL*$",
    ]
)

SHORTEST = 4
"""Fewest characters of a title that say something without what follows in brackets."""


def is_uninformative(titles: pa.Array, longest: int) -> np.ndarray:
    """Return which titles should name a place only where no other can, bool [n].

    Those are lists, disambiguations and name pages, years and dates, bare numbers, and titles that it takes more than
    `longest` characters to show.
    """
    classed = pc.match_substring_regex(pc.utf8_lower(pc.utf8_trim_whitespace(titles)), UNINFORMATIVE)
    return pc.or_(classed, pc.greater(pc.utf8_length(_shown_whole(titles)), longest)).to_numpy(zero_copy_only=False)


def shown_titles(titles: pa.Array, longest: int) -> pa.Array:
    """Return the titles as labels show them: one line, at most `longest` characters, and without a closing "(...)".

    The brackets stay where the rest is too short to say anything ("C (programming language)"), has no letter
    ("1984 (novel)"), or is what another of the titles comes to ("Mercury (planet)" beside "Mercury (element)").
    """
    whole = _shown_whole(titles)
    cut = pc.replace_substring_regex(pc.utf8_slice_codeunits(whole, 0, longest), r"[\s,;:]+\S*$", "")
    cut = pc.utf8_slice_codeunits(cut, 0, longest - 1)
    return pc.if_else(pc.greater(pc.utf8_length(whole), longest), pc.binary_join_element_wise(cut, "…", ""), whole)


def _shown_whole(titles: pa.Array) -> pa.Array:
    """Return what `shown_titles` shows, before it is cut."""
    # Marks that turn the direction of writing would reach beyond the label.
    text = pc.replace_substring_regex(titles, "[\u202a-\u202e\u2066-\u2069]", "")
    text = pc.utf8_trim_whitespace(pc.replace_substring_regex(text, r"[\pZ\p{Cc}]+", " "))
    bare = pc.replace_substring_regex(text, r"^(.*\S) \([^()]*\)$", r"\1")
    codes = bare.dictionary_encode().indices.to_numpy()
    alone = np.bincount(codes)[codes] == 1
    telling = pc.and_(pc.greater_equal(pc.utf8_length(bare), SHORTEST), pc.match_substring_regex(bare, r"\pL"))
    return pc.if_else(pc.and_(telling, pa.array(alone)), bare, text)
