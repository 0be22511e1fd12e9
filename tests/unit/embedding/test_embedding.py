"""Embedding a shard: whatever interrupts it, what was saved is kept, what is damaged is not, and the bytes are the same."""

import hashlib
import json
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from encoders import MINILM, encode, encode_all, loaded, minilm
from waiting import wait_until

from knowledge_map.articles.records import Article
from knowledge_map.articles.shards import write_shard
from knowledge_map.common.errors import UserError
from knowledge_map.common.parquet import as_matrix, open_parquet, read_metadata, read_parquet
from knowledge_map.embedding.blocks import SavedBlocks
from knowledge_map.embedding.embed import embed_questions, embed_shard
from knowledge_map.embedding.encoders.base import Embedded
from knowledge_map.embedding.encoders.local import LocalEncoder
from knowledge_map.questions.records import Question

pytestmark = pytest.mark.slow  # loads a model

ROWS, BLOCK = 37, 10
MODEL = replace(MINILM, max_tokens=16)
WORDS = ["cell", "river", "fugue", "harvest", "tensor", "glacier", "senate", "neuron"]
ARTICLES = [
    Article(f"wiki:{n}", "wiki", f"Title {n}", "", " ".join(WORDS[(n * i) % 8] for i in range(1, 3 + n % 20)))
    for n in range(ROWS)
]


class Counting(LocalEncoder):
    """An encoder that remembers which items it embedded, and may be interrupted at a call."""

    def __init__(self, interrupted_at: int | None = None):
        vars(self).update(vars(loaded(MODEL)))  # the model itself is loaded once for all tests
        self.interrupted_at, self.calls = interrupted_at, []

    def embed(self, tokenized, item_ids):
        self.calls.append(list(item_ids))
        if len(self.calls) == self.interrupted_at:
            raise KeyboardInterrupt
        return super().embed(tokenized, item_ids)


class Job:
    """The embedding job of one shard, which can be started again and again."""

    def __init__(self, folder: Path):
        self.name = write_shard(ARTICLES, folder)
        self.shard, self.partial, self.output = folder / f"{self.name}.parquet", folder / "partial", folder / "out.parquet"
        self.lock = folder / "partial.lock"

    def run(self, encoder: LocalEncoder | None = None, model=MODEL, block_size: int = BLOCK) -> list[list[str]]:
        """Run the job and return the item ids of every block that was embedded."""
        encoder = encoder or Counting()
        embed_shard(self.shard, self.output, self.partial, model, lambda: encoder, block_size)
        return encoder.calls

    def interrupt(self, call: int) -> None:
        """Run the job until an embedding call that never returns."""
        with pytest.raises(KeyboardInterrupt):
            self.run(Counting(interrupted_at=call))

    def digest(self) -> str:
        return hashlib.sha256(self.output.read_bytes()).hexdigest()


def ids(*blocks: int) -> list[list[str]]:
    """Return the item ids of blocks by their numbers."""
    return [[f"wiki:{n}" for n in range(block * BLOCK, min(ROWS, (block + 1) * BLOCK))] for block in blocks]


@pytest.fixture
def job(tmp_path) -> Job:
    return Job(tmp_path)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Job:
    """Return a job that ran in one go."""
    job = Job(tmp_path_factory.mktemp("undisturbed"))
    assert job.run() == ids(0, 1, 2, 3)
    return job


def test_a_shard_is_embedded_in_order_with_what_the_encoder_says(undisturbed):
    table = read_parquet(undisturbed.output)
    assert [tuple(row.values()) for row in table.drop_columns("embedding").to_pylist()] == [article[:4] for article in ARTICLES]
    embedded = encode_all(minilm(max_tokens=16), *zip(*((a.title, a.text, a.item_id) for a in ARTICLES), strict=True))
    assert np.abs(as_matrix(table["embedding"]) - embedded.vectors).max() < 1e-5
    with open_parquet(undisturbed.output) as file:
        assert read_metadata(file) == vars(MODEL) | {
            "prompt": "",
            "computed_in": ["float32"],
            "dimension": 384,
            "truncated": embedded.truncated,
        }
    assert 0 < embedded.truncated < ROWS


@pytest.mark.parametrize("interruptions", [[1], [3], [4], [2, 1, 2]], ids=str)
def test_a_resumed_job_leaves_the_same_bytes(job, undisturbed, interruptions):
    for call in interruptions:
        job.interrupt(call)
        assert not job.output.exists()
    job.run()
    assert job.digest() == undisturbed.digest()


def test_saved_blocks_are_not_embedded_again(job):
    job.interrupt(3)
    assert job.run() == ids(2, 3)


def test_a_job_whose_blocks_are_all_saved_loads_no_model(job, undisturbed):
    output, job.output = job.output, job.shard / "no folder"
    with pytest.raises(OSError):
        job.run()
    job.output = output
    embed_shard(job.shard, job.output, job.partial, MODEL, lambda: pytest.fail("the model is not needed"), BLOCK)
    assert job.digest() == undisturbed.digest()


def test_the_partial_folder_is_gone_at_the_end(job):
    job.run()
    assert {path.name for path in job.shard.parent.iterdir()} == {job.shard.name, job.output.name}


def flipped(path: Path, position: float) -> None:
    content = bytearray(path.read_bytes())
    content[int(position * len(content))] ^= 0x10
    path.write_bytes(content)


HARMS = {
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:-20]),
    "empty": lambda path: path.write_bytes(b""),
    "a bit among the numbers": lambda path: flipped(path, 0.3),
    "a bit in its notes": lambda path: flipped(path, 0.99),
    "missing": Path.unlink,
    "that of another number": lambda path: path.write_bytes((path.parent / "000000.parquet").read_bytes()),
}


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS.keys())
def test_a_block_that_came_to_harm_is_embedded_again(job, undisturbed, harm):
    job.interrupt(3)
    harm(job.partial / "000001.parquet")
    assert job.run() == ids(1, 2, 3)
    assert job.digest() == undisturbed.digest()


def test_blocks_of_another_model_or_size_are_not_taken(job):
    job.interrupt(3)
    other = replace(MODEL, template="{text}")
    assert len(job.run(model=other)) == 4
    job.interrupt(3)
    assert len(job.run(block_size=BLOCK + 1)) == 4


def test_blocks_of_another_shard_are_not_taken(job, tmp_path):
    job.interrupt(3)
    (tmp_path / "other").mkdir()
    other = Job(tmp_path / "other")
    other.name = write_shard([ARTICLES[0]._replace(text="Another text."), *ARTICLES[1:]], tmp_path / "other")
    other.shard, other.partial = tmp_path / "other" / f"{other.name}.parquet", job.partial
    assert len(other.run()) == 4


def test_a_flipped_bit_never_gives_another_block(tmp_path):
    blocks = SavedBlocks(tmp_path, {"shard": "ab", "model": "m", "block_size": 4})
    block = Embedded(np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32), 3, "query: ", "bfloat16")
    blocks.save(0, block)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << position % 8
        path.write_bytes(damaged)
        found = blocks.load(0)
        assert found is None or (
            np.array_equal(found.vectors, block.vectors)
            and (found.truncated, found.prompt, found.computed_in) == (3, "query: ", "bfloat16")
        )


HOLD = """
import sys, time
from filelock import FileLock

with FileLock(sys.argv[1]):
    print("held", flush=True)
    time.sleep(3600)
"""


@pytest.fixture
def another(job):
    """Another process that holds the lock of the job's shard."""
    job.lock.parent.mkdir(exist_ok=True)
    holder = subprocess.Popen([sys.executable, "-c", HOLD, job.lock], stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    yield holder
    holder.kill()
    holder.wait()
    holder.stdout.close()


def start_beside(job, another, caplog) -> threading.Thread:
    """Start the job, which finds another at work, and let it wait."""
    thread = threading.Thread(target=job.run)
    with caplog.at_level("INFO"):
        thread.start()
        wait_until(lambda: "another process is embedding this shard; waiting" in caplog.text, "the job waits")
    assert thread.is_alive()
    assert not job.output.exists() and not job.partial.exists()
    return thread


def test_a_second_writer_waits_and_takes_over_when_the_first_is_killed(job, another, caplog):
    thread = start_beside(job, another, caplog)
    another.kill()
    thread.join(600)
    assert job.output.exists() and not job.lock.exists()


def test_a_second_writer_leaves_what_the_first_has_finished(job, another, caplog):
    thread = start_beside(job, another, caplog)
    job.output.write_bytes(b"of the other")
    another.kill()
    thread.join(600)
    assert job.output.read_bytes() == b"of the other"


def test_an_output_found_without_waiting_is_made_anew(job):
    job.output.write_bytes(b"old")
    job.run()
    assert job.output.read_bytes() != b"old"


def test_an_interrupted_job_leaves_the_lock_free(job):
    job.interrupt(2)
    job.run()


def test_a_shard_that_is_not_what_its_name_says_is_refused(job):
    renamed = job.shard.with_name("0123456789abcdef.parquet")
    job.shard = job.shard.rename(renamed)
    with pytest.raises(UserError, match=r"0123456789abcdef\.parquet: damaged \(its content does not match its name\)"):
        job.run()
    assert not job.output.exists()


def test_what_an_earlier_run_did_is_told_in_the_log(job, caplog):
    caplog.set_level("INFO", "knowledge_map")
    job.interrupt(4)
    (job.partial / "000001.parquet").unlink()
    job.run()
    assert "20 of 37 articles were embedded by an earlier run" in caplog.text
    assert "37 of 37 articles" in caplog.text


# --- questions


def test_questions_are_embedded_with_their_text_and_their_record(tmp_path):
    records = [{"question": "What\n makes ATP?", "topic": "énergie \ud83d"}, {"question": "Why?"}]
    questions = [Question(f"question:{n}", record["question"], (), None, record) for n, record in enumerate(records)]
    encoder = minilm(kind="question", template="{text}")
    embed_questions(questions, tmp_path / "questions.parquet", encoder.model, lambda: encoder)
    table = read_parquet(tmp_path / "questions.parquet")
    assert table.column_names == ["item_id", "source", "title", "url", "text", "question_data", "embedding"]
    assert table["title"].to_pylist() == ["What makes ATP?", "Why?"]
    assert table["text"].to_pylist() == ["What\n makes ATP?", "Why?"]
    assert [json.loads(data) for data in table["question_data"].to_pylist()] == records
    assert np.abs(as_matrix(table["embedding"]) - encode(encoder, [q.text for q in questions]).vectors).max() < 1e-5


def test_without_questions_no_model_is_loaded(tmp_path):
    embed_questions([], tmp_path / "questions.parquet", MODEL, lambda: pytest.fail("the model is not needed"))
    table = read_parquet(tmp_path / "questions.parquet")
    assert table.num_rows == 0 and "embedding" in table.column_names
