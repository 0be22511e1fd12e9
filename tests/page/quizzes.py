"""Pages of small maps with any questions at any places, and the quiz on them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from labelled_maps import labelled, small_map
from playwright.sync_api import Page
from screen import settle, wait_until

from knowledge_map.common.parquet import as_metadata, read_parquet, write_parquet
from knowledge_map.map.table import KnowledgeMap
from knowledge_map.questions.domains import Domain
from knowledge_map.questions.records import Question
from knowledge_map.views.page.build import COLUMNS, write_page
from knowledge_map.views.page.content import PageContent
from knowledge_map.views.page.quiz_data import QuizSettings

WEST, EAST = (0.3, 0.5), (0.7, 0.5)
IN_ORDER = QuizSettings(shuffle_options=False)

PRESS = """(key) => {
  const begin = performance.now();
  document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  return performance.now() - begin;
}"""
"""A script that presses a key, and returns after how many milliseconds the page shows what it does."""
PRESS_AND_REPORT = f"(key) => new Promise((done) => {{ ({PRESS})(key); setTimeout(() => setTimeout(done)); }})"
"""A script that presses a key, and ends when the page also tells what an answer tells of a person."""


def question(
    number: int, text: str = "", options: Sequence[str] = ("yes", "no", "perhaps"), answer: int | None = 0, **data
) -> Question:
    return Question(f"question:{number}", text or f"Why {number}?", tuple(options), answer, data)


def quiz_content(
    folder: Path,
    questions: list[Question],
    places: Sequence[tuple[float, float]],
    articles: int = 300,
    quiz: QuizSettings = IN_ORDER,
    domains: Sequence[Domain] = (),
    former: Sequence[str] = (),
) -> PageContent:
    """Return a page with these questions at these places, among articles that are spread evenly and named after their side."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(3)
    spread = random.uniform(0.1, 0.9, (articles, 2))
    titles = [f"{'West' if x < 0.5 else 'East'}{number}" for number, (x, _) in enumerate(spread)]
    everything = np.vstack([spread, np.reshape(places, (-1, 2))]).astype(np.float32)
    vectors = np.column_stack([everything - 0.5, np.ones((len(everything), 6)) / 2])
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    small = small_map(folder, articles, len(questions), titles, everything, vectors)
    table = read_parquet(folder / "knowledge_map.parquet")
    texts = table["title"].to_pylist()[:articles] + [question.text for question in questions]
    position = table.column_names.index("title")
    table = table.set_column(position, "title", pa.array(texts)).replace_schema_metadata(as_metadata({"former": [*former]}))
    write_parquet(folder / "knowledge_map.parquet", table)
    knowledge_map = KnowledgeMap(folder / "knowledge_map.parquet", COLUMNS)
    return PageContent(knowledge_map, labelled(small, 4, 8, 16), questions, "A quiz", quiz, domains=domains)


def write_quiz_page(folder: Path, *questions_and_places, **settings) -> Path:
    """Write the page of `quiz_content`, which takes the same."""
    write_page(quiz_content(folder, *questions_and_places, **settings), folder / "map.html")
    return folder / "map.html"


def many_questions(count: int, seed: int = 0) -> tuple[list[Question], list[tuple[float, float]]]:
    """Return questions that the first option answers, and random places for them."""
    places = np.random.default_rng(seed).uniform(0.25, 0.75, (count, 2))
    return [question(number) for number in range(count)], [(float(x), float(y)) for x, y in places]


def asked(page: Page) -> str:
    """Return the question that is asked."""
    return page.locator(".asked").inner_text().split("\n")[-1]


def tally(page: Page) -> str:
    return page.locator(".tally").inner_text()


def answer_all(page: Page, keys: Iterable[str]) -> None:
    """Answer questions by these keys, one after another."""
    for key in keys:
        page.keyboard.press(key)
        page.keyboard.press("Enter")


def reported(page: Page) -> None:
    """Wait until panel and map have told what the last answer tells, and the map stands still."""
    wait_until(page, "document.querySelector('.insight')?.ariaBusy !== 'true'")
    settle(page)
