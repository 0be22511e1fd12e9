"""Tokens are those of the model's own tokenizer, however long a text is, and what was cut is counted."""

import threading

import numpy as np
import pytest
from encoders import SENTENCES, transformer
from hypothesis import given, settings
from hypothesis import strategies as st
from qwen_models import byte_tokenizer
from transformers import PreTrainedTokenizerFast

from knowledge_map.embedding.encoders.tokenization import CHARACTERS, Tokenizer

pytestmark = pytest.mark.slow  # loads tokenizers

LIMIT = 12


def tokenizer(max_tokens: int = LIMIT, prompt: str = "") -> Tokenizer:
    return Tokenizer(transformer().tokenizer.backend_tokenizer, max_tokens, prompt)


def expected(texts: list[str], max_tokens: int = LIMIT, own: PreTrainedTokenizerFast | None = None) -> list[list[int]]:
    return (own or transformer().tokenizer)(texts, truncation=True, max_length=max_tokens)["input_ids"]


def lists(tokenized) -> list[list[int]]:
    return [part.tolist() for part in np.split(tokenized.ids, tokenized.starts[1:-1])]


def test_tokens_are_those_of_the_models_tokenizer():
    tokenized = tokenizer(256)(SENTENCES)
    assert lists(tokenized) == expected(SENTENCES, 256)
    assert tokenized.lengths.tolist() == [len(ids) for ids in expected(SENTENCES, 256)]
    assert tokenized.texts is SENTENCES


@pytest.mark.parametrize("count", [9, 10, 11, 12])
def test_a_text_is_cut_where_the_model_cuts_it(count):
    text = " ".join(["cell"] * count)
    tokenized = tokenizer()([text, "cell"])
    assert lists(tokenized) == expected([text, "cell"])
    assert tokenized.truncated == (count > LIMIT - 2)


def test_a_prompt_stands_before_every_text():
    assert lists(tokenizer(256, "query: ")(SENTENCES)) == expected(["query: " + text for text in SENTENCES], 256)


@given(st.lists(st.text("ab .,\n\tÄ細\u0301\u200d[]", max_size=3 * LIMIT * CHARACTERS), min_size=1, max_size=4))
@settings(max_examples=200, deadline=None)
def test_the_beginning_of_a_long_text_gives_the_tokens_of_the_whole(texts):
    tokenized = tokenizer()(texts)
    assert lists(tokenized) == expected(texts)
    whole = transformer().tokenizer(texts)["input_ids"]
    assert tokenized.truncated == sum(len(ids) > LIMIT for ids in whole)


@given(st.lists(st.text("ab .,\n\tÄ細", max_size=3 * LIMIT * CHARACTERS), min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_the_beginning_will_do_for_a_tokenizer_of_bytes_that_ends_texts_by_a_token(texts):
    own = byte_tokenizer("left")
    tokenized = Tokenizer(own.backend_tokenizer, LIMIT)(texts)
    assert lists(tokenized) == expected(texts, LIMIT, own)


@pytest.mark.parametrize("text", ["a" * 3_000, "a" * 3_000 + " b", " " * 3_000 + "b c", "細" * 3_000, "word " * 3_000])
def test_texts_without_spaces_and_of_spaces_alone_are_read_as_well(text):
    tokenized = tokenizer()([text])
    assert lists(tokenized) == expected([text])
    assert tokenized.truncated == (len(transformer().tokenizer(text)["input_ids"]) > LIMIT)


def test_a_side_that_is_cut_on_the_left_reads_the_end():
    own = transformer().tokenizer
    text = " ".join(f"{n}" for n in range(300))
    tokenized = Tokenizer(own.backend_tokenizer, LIMIT, side="left")([text])
    assert own.decode(tokenized.ids, skip_special_tokens=True).endswith("298 299")


def test_the_models_own_tokenizer_is_not_touched():
    own = transformer().tokenizer
    before = own.backend_tokenizer.to_str()
    tokenizer(5)(SENTENCES)
    assert own.backend_tokenizer.to_str() == before


def test_two_threads_get_what_one_gets():
    one, found = tokenizer(), []
    threads = [threading.Thread(target=lambda: found.append(lists(one(SENTENCES)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected(SENTENCES)] * 4
