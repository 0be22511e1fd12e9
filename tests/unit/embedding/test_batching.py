"""Batches hold as many tokens as the budget says, every text once, and nothing of one text stands among those of another."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge_map.embedding.encoders.batching import STEP, Batch, TokenBudget, first_batch
from knowledge_map.embedding.encoders.tokenization import Tokenized


def texts_of(lengths: list[int]) -> Tokenized:
    """Return texts of so many tokens; text 3 has the tokens 3000, 3001, ..."""
    ids = [1_000 * n + np.arange(length) for n, length in enumerate(lengths)]
    starts = np.concatenate([[0], np.cumsum(lengths)])
    return Tokenized([f"text {n}" for n in range(len(lengths))], np.concatenate(ids), starts, 0)


def all_batches(tokenized: Tokenized, tokens: int) -> list[Batch]:
    waiting, batches = np.argsort(-tokenized.lengths, kind="stable"), []
    while len(waiting):
        batches.append(first_batch(tokenized, waiting, tokens))
        waiting = waiting[len(batches[-1].rows) :]
    return batches


@given(st.lists(st.integers(1, 300), min_size=1, max_size=60), st.integers(1, 1_000))
def test_every_text_comes_once_and_no_batch_is_over_the_budget(lengths, tokens):
    batches = all_batches(texts_of(lengths), tokens)
    assert sorted(np.concatenate([batch.rows for batch in batches]).tolist()) == list(range(len(lengths)))
    for batch in batches:
        assert batch.lengths.sum() <= tokens or len(batch.rows) == 1
        assert len(batch.ids) == len(batch.positions) == batch.lengths.sum() + batch.filling
        assert len(batch.ids) % STEP == 0 and batch.filling < STEP
        first = 0
        for row, length, text in zip(batch.rows, batch.lengths, batch.texts, strict=True):
            assert text == f"text {row}" and length == lengths[row]
            assert batch.ids[first : first + length].tolist() == (1_000 * row + np.arange(length)).tolist()
            assert batch.positions[first : first + length].tolist() == list(range(length))
            first += length


def test_batches_are_as_full_as_they_can_be_and_have_few_shapes():
    lengths = np.random.default_rng(0).integers(5, 256, 1_000).tolist()
    batches = all_batches(texts_of(lengths), 2_048)
    assert len(batches) < 1.1 * sum(lengths) / 2_048
    assert len({len(batch.ids) for batch in batches}) < 12
    assert sum(batch.filling for batch in batches) < 0.02 * sum(lengths)


def test_a_budget_is_halved_below_what_was_tried():
    budget = TokenBudget(4_000)
    budget.halve(3_500)
    assert budget.tokens == 1_750
    budget.halve(1)
    assert budget.tokens == 1


def test_a_budget_is_remembered_by_device(tmp_path):
    memory = tmp_path / "batch_tokens.json"
    TokenBudget(4_000, memory, "a small GPU").halve(4_000)
    assert TokenBudget(4_000, memory, "a small GPU").tokens == 2_000
    assert TokenBudget(500, memory, "a small GPU").tokens == 500
    assert TokenBudget(4_000, memory, "a large GPU").tokens == 4_000
    TokenBudget(4_000, memory, "a large GPU").halve(4_000)
    assert json.loads(memory.read_text()) == {"a small GPU": 2_000, "a large GPU": 2_000}


def test_what_memory_that_had_filled_up_left_of_a_budget_is_forgotten(tmp_path):
    memory = tmp_path / "batch_tokens.json"
    TokenBudget(4_000, memory, "a small GPU").halve(4_000)
    for name, tokens in (("a small GPU", 2_000), ("another", 4_000)):
        budget = TokenBudget(4_000, memory, name)
        for _ in range(5):
            budget.halve(budget.tokens)
        budget.forget()
        assert TokenBudget(4_000, memory, name).tokens == tokens


@pytest.mark.parametrize("content", [b"", b"[1]", b'{"gpu": "x"}', b'{"gpu": -3}', b"\xff", b'{"gpu": null}'])
def test_a_damaged_memory_is_no_memory(tmp_path, content):
    memory = tmp_path / "batch_tokens.json"
    memory.write_bytes(content)
    budget = TokenBudget(4_000, memory, "gpu")
    assert budget.tokens == 4_000
    budget.halve(4_000)
    assert TokenBudget(4_000, memory, "gpu").tokens == 2_000
