"""Tiny random models of Qwen3's architecture, with a tokenizer of bytes."""

from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3Model

END = "<|endoftext|>"

ALPHABET = sorted(pre_tokenizers.ByteLevel.alphabet())

PROMPT = "Instruct: Find the article that answers the question\nQuery:"


def byte_tokenizer(padding_side: str) -> PreTrainedTokenizerFast:
    """Return a tokenizer of bytes that ends every text by a token."""
    tokenizer = Tokenizer(models.BPE(vocab={character: n for n, character in enumerate([*ALPHABET, END])}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = TemplateProcessing(single=f"$A {END}", special_tokens=[(END, len(ALPHABET))])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token=END, eos_token=END, padding_side=padding_side)


def full_size(**settings: object) -> Qwen3Config:
    """Return the shape of Qwen3-Embedding-0.6B, with other settings beside."""
    return Qwen3Config(
        vocab_size=151_669,
        hidden_size=1_024,
        intermediate_size=3_072,
        num_hidden_layers=28,
        num_attention_heads=16,
        num_key_value_heads=8,
        head_dim=128,
        max_position_embeddings=32_768,
        **settings,
    )


def save_model(folder: Path, padding_side: str, positions: int = 512) -> Path:
    """Save a random Qwen3 of two layers the way Qwen3-Embedding is laid out: padded left, every text ended by a token."""
    config = Qwen3Config(
        vocab_size=len(ALPHABET) + 1,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        max_position_embeddings=positions,
        pad_token_id=len(ALPHABET),
        eos_token_id=len(ALPHABET),
    )
    torch.manual_seed(0)
    Qwen3Model(config).save_pretrained(folder / "plain")
    byte_tokenizer(padding_side).save_pretrained(folder / "plain")
    modules = [Transformer(str(folder / "plain")), Pooling(32, pooling_mode="lasttoken"), Normalize()]
    model = SentenceTransformer(modules=modules, prompts={"query": PROMPT, "document": ""}, device="cpu")
    model.save(str(folder / "model"))
    return folder / "model"
