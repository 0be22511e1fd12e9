"""Measure the quiz's estimate of knowledge in headless Chromium: time, and how fast it learns a person it does not know.

    python benchmarks/knowledge.py

A simulated person knows what a random surface over the map says: ripples of wavelengths from a third to all of the question
region, not the model's own. Sixty questions lie in clusters, as in a real file. Printed as a Markdown table: after so many
answers, the mean error of the estimated share known over the region, for both orders of asking and some length scales.
"""

import sys
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright
from scipy.stats import norm

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "workflow" / "scripts"), str(ROOT / "tests" / "page")]

from chromium import executable

from knowledge_map.views.page.modules import STATIC, parse_module

ESTIMATE = STATIC / "quiz" / "estimate.js"
PERSONS, QUESTIONS, OPTIONS = 20, 60, 4
AFTER = [10, 20, 40, 60]
LENGTH_SCALES = [0.05, 0.1, 0.2, 0.4]

ASK = """
({ length, telling, questions, spots, after }) => {
  const knowledge = new KnowledgeEstimate([0, 1, 0, 1], length, 0.3), open = [...questions], told = [];
  knowledge.setInterest(spots.map(([x, y]) => [x, y, 1]));
  while (open.length) {
    const gains = telling ? knowledge.gains(open) : [1];
    knowledge.learn(open.splice(gains.indexOf(Math.max(...gains)), 1));
    if (after.includes(questions.length - open.length)) told.push(spots.map(([x, y]) => knowledge.at(x, y).known));
  }
  return told;
}
"""
TIME = """
({ questions }) => {
  const knowledge = new KnowledgeEstimate([0, 1, 0, 1], 0.1, 0.3), last = questions.pop(), times = [];
  const timed = (work) => { const begin = performance.now(); work(); times.push(performance.now() - begin); };
  timed(() => knowledge.learn(questions));
  timed(() => knowledge.learn([last]));
  timed(() => knowledge.raster(128, 128));
  knowledge.setInterest(questions.slice(0, 400).map(({ x, y }) => [x, y, 1]));
  timed(() => knowledge.gains(questions));
  timed(() => knowledge.chances(questions));
  const domains = Array.from({ length: 50 }, (_, domain) => questions.filter((_, number) => number % 50 === domain).slice(0, 50));
  timed(() => domains.filter(({ length }) => length).map((some) => knowledge.average(some.map(({ x, y }) => [x, y]))));
  return times;
}
"""


def person(rng: np.random.Generator):
    """Return a function that gives the share known at positions, float [n, 2] in [0, 1]: eight waves about a level."""
    waves = rng.normal(size=(8, 2))
    waves *= 2 * np.pi * rng.uniform(1, 3, (8, 1)) / np.linalg.norm(waves, axis=1, keepdims=True)
    phases, level = rng.uniform(0, 2 * np.pi, 8), rng.normal(scale=0.5)
    return lambda positions: norm.cdf(level + np.cos(positions @ waves.T + phases).sum(axis=1) / 2)


def clustered(rng: np.random.Generator, count: int) -> np.ndarray:
    """Return positions of questions in [0, 1], float [count, 2]: half of them in three clusters."""
    clusters = rng.uniform(0.2, 0.8, (3, 2))[rng.integers(3, size=count // 2)] + rng.normal(scale=0.05, size=(count // 2, 2))
    return np.vstack([clusters, rng.uniform(size=(count - count // 2, 2))]).clip(0, 1)


def answers(rng: np.random.Generator, count: int, share_known) -> list[dict]:
    positions = clustered(rng, count)
    right = rng.uniform(size=count) < 1 / OPTIONS + (1 - 1 / OPTIONS) * share_known(positions)
    return [
        {"key": n, "x": x, "y": y, "guess": 1 / OPTIONS, "difficulty": 0, "known": bool(known)}
        for n, ((x, y), known) in enumerate(zip(positions.tolist(), right, strict=True))
    ]


def errors(page: Page, length: float, telling: bool) -> np.ndarray:
    """Return the mean absolute error of the share known after each of AFTER answers, over all persons, float [after]."""
    rng, found = np.random.default_rng(0), []
    for _ in range(PERSONS):
        share_known, spots = person(rng), rng.uniform(size=(200, 2))
        questions = answers(rng, QUESTIONS, share_known)
        told = page.evaluate(
            ASK, {"length": length, "telling": telling, "questions": questions, "spots": spots.tolist(), "after": AFTER}
        )
        found.append(np.abs(np.array(told) - share_known(spots)).mean(axis=1))
    return np.mean(found, axis=0)


def main() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox"])
        page = browser.new_page()
        page.add_script_tag(content=parse_module("estimate.js", ESTIMATE.read_text(encoding="utf-8")).body)
        print(
            "| length scale | order |" + "".join(f" {n} answers |" for n in AFTER) + "\n| ---: | --- |" + " ---: |" * len(AFTER)
        )
        for length in LENGTH_SCALES:
            for telling in (False, True):
                cells = "".join(f" {error:.3f} |" for error in errors(page, length, telling))
                print(f"| {length} | {'telling' if telling else 'file'} |{cells}")
        print(
            "\n| questions | all answers, ms | one more | raster 128 x 128 | gain of all | chance of all | fifty domains |\n|"
            + " ---: |" * 7
        )
        for count in (60, 2_500):
            questions = answers(np.random.default_rng(1), count, person(np.random.default_rng(2)))
            times = np.min([page.evaluate(TIME, {"questions": questions}) for _ in range(5)], axis=0)
            print(f"| {count:,} |" + "".join(f" {time:.0f} |" for time in times))
        browser.close()


if __name__ == "__main__":
    main()
