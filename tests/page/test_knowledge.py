"""The estimate of knowledge agrees with numbers computed in other ways: exact integrals, sampling, and what answers really do."""

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import norm
from screen import computing_time
from sklearn.gaussian_process.kernels import RBF

from knowledge_map.views.page.modules import STATIC, parse_module

ESTIMATE = STATIC / "quiz" / "estimate.js"
LENGTH, GENERAL, BOX = 0.1, 0.3, [0.1, 0.5, 0.2, 0.7]
PREPARE = """
({ box, length, general, answers }) => {
  globalThis.knowledge = new KnowledgeEstimate(box, length, general);
  knowledge.learn(answers);
}
"""


@pytest.fixture(scope="module")
def javascript(browser):
    """An empty page that knows the class KnowledgeEstimate."""
    context = browser.new_context()
    page = context.new_page()
    page.add_script_tag(content=parse_module("estimate.js", ESTIMATE.read_text(encoding="utf-8")).body)
    yield page
    context.close()


@pytest.fixture
def learn(javascript):
    """Return a function that makes an estimate from answers and returns the page, where it is called `knowledge`."""

    def learn(answers, length=LENGTH, general=GENERAL, box=BOX):
        javascript.evaluate(PREPARE, {"box": box, "length": length, "general": general, "answers": answers})
        return javascript

    return learn


def answers_at(places, known, guess=0.25, difficulty=0.0):
    return [
        {"key": n, "x": float(x), "y": float(y), "guess": guess, "difficulty": difficulty, "known": bool(right)}
        for n, ((x, y), right) in enumerate(zip(places, known, strict=True))
    ]


def random_answers(count, seed=0, guess=0.25):
    """Answers of somebody who knows the left half."""
    rng = np.random.default_rng(seed)
    places = rng.uniform([BOX[0], BOX[2]], [BOX[1], BOX[3]], (count, 2))
    chance = np.where(places[:, 0] < 0.3, 0.85, 0.15)
    return answers_at(places, rng.uniform(size=count) < guess + (1 - guess) * chance, guess)


def covariance(one, other, length=LENGTH, general=GENERAL):
    return general + (1 - general) * RBF(length)(one, other)


def places_of(answers):
    return np.array([[answer["x"], answer["y"]] for answer in answers])


def likelihood(f, answers):
    """Return the chance of all answers for values of f at their questions, float [samples, answers]."""
    guess, difficulty, known = (np.array([answer[name] for answer in answers]) for name in ("guess", "difficulty", "known"))
    below = ndtr(f - difficulty)
    return np.where(known, guess + (1 - guess) * below, (1 - guess) * (1 - below)).prod(axis=1)


def drawn(answers, places, draws=400_000):
    """Return f at `places`, float [draws, places], drawn from the prior, and how much each draw weighs, float [draws]."""
    every = np.vstack([places_of(answers), places])
    root = np.linalg.cholesky(covariance(every, every) + 1e-9 * np.eye(len(every)))
    f = np.random.default_rng(1).normal(size=(draws, len(every))) @ root.T
    return f[:, len(answers) :], likelihood(f[:, : len(answers)], answers)


def weighted(answers, places):
    """Return mean and variance of f at `places` and the share known there, by drawing f from the prior and weighing it."""
    f, weights = drawn(answers, places)
    mean = np.average(f, axis=0, weights=weights)
    return mean, np.average((f - mean) ** 2, axis=0, weights=weights), np.average(norm.cdf(f), axis=0, weights=weights)


def sampled(answers, places, steps=12_000):
    """Return the same by elliptical slice sampling (Murray, Adams & MacKay 2010), for more answers than weighing can bear."""
    every = np.vstack([places_of(answers), places])
    root = np.linalg.cholesky(covariance(every, every) + 1e-9 * np.eye(len(every)))
    rng = np.random.default_rng(2)
    f, kept = np.zeros(len(every)), []

    def level(f):
        return np.log(likelihood(f[None, : len(answers)], answers)[0])

    for _ in range(steps):
        other, least = root @ rng.normal(size=len(every)), level(f) + np.log(rng.uniform())
        angle = rng.uniform(0, 2 * np.pi)
        low, high = angle - 2 * np.pi, angle
        while level(proposal := f * np.cos(angle) + other * np.sin(angle)) < least:
            low, high = (angle, high) if angle < 0 else (low, angle)
            angle = rng.uniform(low, high)
        f = proposal
        kept.append(f[len(answers) :])
    kept = np.array(kept[1_000:])
    return kept.mean(axis=0), kept.var(axis=0), norm.cdf(kept).mean(axis=0)


def estimated(page, places):
    """Return mean and variance of f at `places`, the share known there, and the certainty."""
    told = page.evaluate("places => places.map(([x, y]) => knowledge.at(x, y))", np.asarray(places).tolist())
    return [np.array([each[name] for each in told]) for name in ("mean", "variance", "known", "certainty")]


PROBES = [[0.2, 0.3], [0.25, 0.45], [0.4, 0.6], [0.6, 0.9]]
CASES = {
    "one right": answers_at([(0.2, 0.3)], [True]),
    "one wrong": answers_at([(0.2, 0.3)], [False]),
    "without guessing": answers_at([(0.2, 0.3), (0.22, 0.35), (0.4, 0.5)], [True, True, False], guess=0),
    "two options": answers_at([(0.2, 0.3), (0.21, 0.31), (0.4, 0.6)], [True, True, False], guess=0.5),
    "against each other": answers_at([(0.2, 0.3), (0.2, 0.3), (0.2, 0.3), (0.2, 0.3)], [True, False, True, False]),
    "one right among wrong": answers_at([(0.2, 0.3), (0.22, 0.3), (0.2, 0.32), (0.21, 0.29)], [True, False, False, False]),
    "hard and known": answers_at([(0.2, 0.3), (0.4, 0.6)], [True, True], difficulty=1.5),
    "easy and not known": answers_at([(0.2, 0.3), (0.4, 0.6)], [False, False], difficulty=-1.5),
}


@pytest.mark.parametrize("answers", CASES.values(), ids=CASES.keys())
def test_it_agrees_with_the_exact_posterior(learn, answers):
    page = learn(answers)
    mean, variance, known, _ = estimated(page, PROBES)
    expected = weighted(answers, np.array(PROBES))
    assert mean == pytest.approx(expected[0], abs=0.03)
    assert variance == pytest.approx(expected[1], abs=0.03)
    assert known == pytest.approx(expected[2], abs=0.01)


@pytest.mark.parametrize("answers", CASES.values(), ids=CASES.keys())
def test_an_average_and_its_deviation_agree_with_the_exact_posterior(learn, answers):
    told = learn(answers).evaluate("places => knowledge.average(places)", PROBES[:3])
    f, weights = drawn(answers, np.array(PROBES[:3]))
    shares = ndtr(f).mean(axis=1)
    mean = np.average(shares, weights=weights)
    assert told["known"] == pytest.approx(mean, abs=0.01)
    assert told["deviation"] == pytest.approx(np.sqrt(np.average((shares - mean) ** 2, weights=weights)), abs=0.03)


def test_sixty_answers_agree_with_sampling(learn):
    answers = random_answers(60)
    probes = np.random.default_rng(3).uniform([0.1, 0.2], [0.5, 0.7], (12, 2))
    mean, variance, known, _ = estimated(learn(answers), probes)
    expected = sampled(answers, probes)
    assert mean == pytest.approx(expected[0], abs=0.1)
    assert variance == pytest.approx(expected[1], abs=0.08)
    assert known == pytest.approx(expected[2], abs=0.03)


@pytest.mark.parametrize("length", [0.02, 0.1, 0.4])
def test_the_modes_add_up_to_the_covariance(learn, length):
    """An answer of a certain kind moves every place by its covariance with the question: that is seen without looking inside."""
    question = (0.12, 0.22)
    page = learn(answers_at([question], [True], guess=0), length=length)
    probes = np.random.default_rng(0).uniform([0.1, 0.2], [0.5, 0.7], (50, 2))
    mean, *_ = estimated(page, [question, *probes])
    shares = covariance(np.array([question]), probes, length)[0]
    assert mean[1:] / mean[0] == pytest.approx(shares, abs=0.006)


def test_before_any_answer_every_share_is_as_likely(learn):
    mean, variance, known, certainty = estimated(learn([]), PROBES)
    assert mean == pytest.approx(0) and certainty == pytest.approx(0)
    assert variance == pytest.approx(1, abs=1e-9) and known == pytest.approx(0.5)


def test_a_guess_says_less_the_fewer_the_options(learn):
    shares = [estimated(learn(answers_at([(0.3, 0.4)], [True], guess=guess)), [(0.3, 0.4)])[2][0] for guess in (0, 0.25, 0.5, 1)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == pytest.approx(2 / 3, abs=3e-3)  # the rule of succession, since every share was as likely
    assert shares[-1] == pytest.approx(0.5)


def test_a_hard_question_known_says_more_than_an_easy_one(learn):
    shares = [estimated(learn(answers_at([(0.3, 0.4)], [True], difficulty=d)), [(0.3, 0.4)])[2][0] for d in (-1, 0, 1)]
    assert shares == sorted(shares)


def test_certainty_grows_with_answers_and_falls_with_distance(learn):
    one = estimated(learn(answers_at([(0.3, 0.4)], [True])), [(0.3, 0.4), (0.4, 0.4), (0.5, 0.4), (0.55, 0.9)])[3]
    many = estimated(learn(answers_at([(0.3, 0.4)] * 9, [True] * 9)), [(0.3, 0.4)])[3]
    assert list(one) == sorted(one, reverse=True)
    assert one[-1] == pytest.approx(0, abs=1e-3)
    assert many[0] > 2 * one[0]


def test_the_raster_holds_the_estimate_at_its_places(learn):
    page = learn(random_answers(30))
    told = page.evaluate("({ box: knowledge.box, ...knowledge.raster(33, 41) })")
    left, right, bottom, top = told["box"]
    x, y = np.meshgrid(np.linspace(left, right, 33), np.linspace(bottom, top, 41))
    _, _, known, certainty = estimated(page, np.column_stack([x.ravel(), y.ravel()]))
    assert told["known"] == pytest.approx(known, abs=1e-6)
    assert told["certainty"] == pytest.approx(certainty, abs=1e-6)


def test_the_order_of_the_answers_does_not_matter(learn):
    answers = random_answers(40)
    at_once = estimated(learn(answers), PROBES)
    page = learn([])
    page.evaluate("answers => answers.reverse().forEach((answer) => knowledge.learn([answer]))", answers)
    for one, other in zip(estimated(page, PROBES), at_once, strict=True):
        assert one == pytest.approx(other, abs=0.02)


def test_an_answer_taken_back_leaves_no_trace(learn):
    answers = random_answers(20)
    before = estimated(learn(answers[:19]), PROBES)
    page = learn(answers)
    page.evaluate("knowledge.unlearn(19)")
    for one, other in zip(estimated(page, PROBES), before, strict=True):
        assert one == pytest.approx(other, abs=0.01)
    page.evaluate("knowledge.clear()")
    assert estimated(page, PROBES)[3] == pytest.approx(0)


def test_a_changed_answer_takes_the_place_of_the_former(learn):
    wrong, right = (answers_at([(0.3, 0.4)], [known]) for known in (False, True))
    page = learn(wrong)
    page.evaluate("answers => knowledge.learn(answers)", right)
    for one, other in zip(estimated(page, PROBES), estimated(learn(right), PROBES), strict=True):
        assert one == pytest.approx(other, abs=1e-6)


def test_the_expected_gain_is_what_both_answers_would_bring(learn):
    """Each open question is really answered both ways; what that does to the variance is averaged by their chances."""
    page = learn(random_answers(12))
    rng = np.random.default_rng(4)
    open_questions = answers_at(rng.uniform([0.1, 0.2], [0.5, 0.7], (8, 2)), [True] * 8)
    for question in open_questions:
        question["key"] += 100
    spots = [[float(x), float(y), 1.0] for x, y in rng.uniform([0.1, 0.2], [0.5, 0.7], (60, 2))]
    page.evaluate("places => knowledge.setInterest(places)", spots)
    gains = page.evaluate("questions => knowledge.gains(questions)", open_questions)

    def total():
        return estimated(page, [spot[:2] for spot in spots])[1].sum()

    before, expected = total(), []
    for question in open_questions:
        mean, variance, _, _ = (float(value[0]) for value in estimated(page, [[question["x"], question["y"]]]))
        chance = 0.25 + 0.75 * norm.cdf(mean / np.sqrt(1 + variance))
        after = []
        for known in (True, False):
            page.evaluate("answer => knowledge.learn([answer])", question | {"known": known})
            after.append(total())
            page.evaluate("key => knowledge.unlearn(key)", question["key"])
        expected.append(before - chance * after[0] - (1 - chance) * after[1])
    assert gains == pytest.approx(expected, abs=0.1 * max(expected))
    assert np.argmax(gains) == np.argmax(expected)


def test_asking_what_tells_most_learns_faster_than_asking_in_order(learn):
    """Sixty questions, most of them crowded in a corner, as in the order of a file: ten answers chosen leave less unknown."""
    rng = np.random.default_rng(5)
    crowd = rng.normal([0.2, 0.3], 0.02, (45, 2))
    questions = answers_at(np.vstack([crowd, rng.uniform([0.1, 0.2], [0.5, 0.7], (15, 2))]), [True] * 60)
    spots = [[float(x), float(y), 1.0] for x, y in rng.uniform([0.1, 0.2], [0.5, 0.7], (100, 2))]

    def remaining(choose):
        page = learn([])
        page.evaluate("places => knowledge.setInterest(places)", spots)
        left = list(questions)
        for _ in range(10):
            page.evaluate("answer => knowledge.learn([answer])", left.pop(choose(page, left)))
        return estimated(page, [spot[:2] for spot in spots])[1].mean()

    in_order = remaining(lambda page, left: 0)
    telling = remaining(lambda page, left: int(np.argmax(page.evaluate("questions => knowledge.gains(questions)", left))))
    assert 1 - telling > 1.4 * (1 - in_order)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_places_on_one_line_or_none_do_not_matter(learn, count):
    page = learn(answers_at([(0.5, 0.5)] * count, [True] * count), box=[0.5, 0.5, 0.5, 0.5])
    mean, variance, known, certainty = estimated(page, [(0.5, 0.5)])
    assert np.isfinite([*mean, *variance, *known, *certainty]).all()
    assert page.evaluate("knowledge.raster(16, 16).known.every(Number.isFinite)")


@pytest.mark.parametrize("guess", [0, 0.5, 1])
def test_many_answers_that_contradict_each_other_leave_numbers(learn, guess):
    rng = np.random.default_rng(6)
    places = np.repeat(rng.uniform([0.1, 0.2], [0.5, 0.7], (6, 2)), 50, axis=0)
    answers = answers_at(places, rng.uniform(size=300) < 0.5, guess, difficulty=3)
    page = learn(answers)
    _, variance, known, _ = estimated(page, [*PROBES, *places[::50]])
    assert ((variance > 0) & (variance < 1.5) & (known > 0) & (known < 1)).all()
    page.evaluate("for (let key = 0; key < 300; key++) if (key % 50) knowledge.unlearn(key)")
    left = [answer for answer in answers if answer["key"] % 50 == 0]
    for after, fresh in zip(estimated(page, PROBES), estimated(learn(left), PROBES), strict=True):
        assert after == pytest.approx(fresh, abs=0.02)


@pytest.mark.parametrize(
    ("count", "most"),
    [(60, 50), (2_500, 300)],
    ids=["sixty", "thousands"],
)
def test_it_is_quick(learn, count, most):
    """Milliseconds for the answer to one more question and a raster of 128 x 128 places, the best of five."""
    answers = random_answers(count)
    page = learn(answers[:-5], length=0.05)
    learned = "answer => { knowledge.learn([answer]); knowledge.raster(128, 128); }"
    assert min(computing_time(page, learned, answer) for answer in answers[-5:]) < most
