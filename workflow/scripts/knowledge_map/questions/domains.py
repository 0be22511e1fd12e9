"""Domains: named groups of questions, one below another, as a file names them or as the `domain_ids` of questions do."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge_map.common.errors import UserError
from knowledge_map.common.items import LONGEST_ID
from knowledge_map.common.text import shown, valid_unicode, visible
from knowledge_map.questions.files import records_of
from knowledge_map.questions.records import Question, domain_ids

WHOLE = "all"
"""The id of the domain that has every question, whatever its `domain_ids` are."""

SIDES = ("x_min", "x_max", "y_min", "y_max")

DEEPEST = 20
"""Most levels of domains."""


@dataclass(frozen=True)
class Domain:
    """A named group of questions.

    Attributes
    ----------
    id : what questions call it in their `domain_ids`.
    name : what people call it.
    parent_id : the domain that it is a part of, None at the top.
    sides : x_min, x_max, y_min and y_max of its region in map coordinates, None where the positions of its questions decide.
    """

    id: str
    name: str
    parent_id: str | None = None
    sides: tuple[float, float, float, float] | None = None


def read_domains(path: str | Path) -> list[Domain]:
    """Read a file of domains `{id, name, parent_id, region: {x_min, x_max, y_min, y_max}}`, all but `id` optional, in its order.

    The file is of one of the formats that questions have, or an object with the list as `domains`.

    Raises UserError, naming file and row, where a row is broken, an id is there twice, a parent is unknown, or parents go in a
    circle.
    """
    places: dict[str, str] = {}
    domains: list[Domain] = []
    for place, record in _rows(path):
        domain = _domain(place, record)
        if domain.id in places:
            raise UserError(f"{place}: the id `{shown(domain.id)}` is that of {places[domain.id]} too; give each its own.")
        places[domain.id] = place
        domains.append(domain)
    for domain in domains:
        if domain.parent_id is not None and domain.parent_id not in places:
            raise UserError(
                f"{places[domain.id]}: its parent_id `{shown(domain.parent_id)}` is the id of no domain; add that, or correct it."
            )
    parents = {domain.id: domain.parent_id for domain in domains}
    for domain in domains:
        if len(_ancestors(domain.id, parents)) > DEEPEST:
            raise UserError(
                f"{places[domain.id]}: its parents go in a circle, or are more than {DEEPEST}; correct its parent_id."
            )
    return domains


def _rows(path: str | Path) -> list[tuple[str, object]]:
    rows = list(records_of(path, "domain"))
    if len(rows) == 1 and isinstance(content := rows[0][1], dict) and isinstance(content.get("domains"), list):
        rows = [(f"domain {number}", record) for number, record in enumerate(content["domains"], start=1)]
    return [(f"{path}: {place or 'domain 1'}", record) for place, record in rows]


def _domain(place: str, record: object) -> Domain:
    if not isinstance(record, dict):
        raise UserError(f"{place} is a JSON {type(record).__name__}; each domain is an object with `id` and `name`.")
    identity, name, parent = (_text(place, record, field) for field in ("id", "name", "parent_id"))
    if identity is None:
        raise UserError(f"{place} has no `id`; give it the one that questions have in their `domain_ids`.")
    return Domain(identity, name or identity, parent, _sides(place, record.get("region")))


def _text(place: str, record: dict, field: str) -> str | None:
    value = record.get(field)
    if value is None or (isinstance(value, str) and not visible(value)):
        return None
    if not isinstance(value, str | int) or isinstance(value, bool) or len(str(value)) > LONGEST_ID:
        raise UserError(f"{place}: `{field}` must be a text of at most {LONGEST_ID} characters.")
    return valid_unicode(str(value)).strip()


def _sides(place: str, region: object) -> tuple[float, float, float, float] | None:
    if region is None:
        return None
    values = [region.get(side) for side in SIDES] if isinstance(region, dict) else []
    numbers = [float(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) == len(SIDES) and all(math.isfinite(number) for number in numbers):
        x_min, x_max, y_min, y_max = numbers
        if 0 <= x_min < x_max <= 1 and 0 <= y_min < y_max <= 1:
            return x_min, x_max, y_min, y_max
    raise UserError(
        f"{place}: `region` must have {', '.join(SIDES)} from 0 to 1, each minimum below its maximum; or leave it out."
    )


def _ancestors(identity: str, parents: dict[str, str | None]) -> list[str]:
    """Return the domains above one, the nearest first; where they go in a circle, more than `DEEPEST`."""
    found: list[str] = []
    above = parents[identity]
    while above is not None and len(found) <= DEEPEST:
        found.append(above)
        above = parents[above]
    return found


def domains_of(questions: Sequence[Question], named: Sequence[Domain] = ()) -> list[Domain]:
    """Return the `named` domains, and behind them those that only questions name, in their order; an id is their name."""
    known = {domain.id for domain in named}
    ids = dict.fromkeys(each for question in questions for each in domain_ids(question.data) if each not in known)
    return [*named, *(Domain(each, each) for each in ids)]


def domain_levels(domains: Sequence[Domain]) -> list[int]:
    """Return how many domains each is below: 0 at the top."""
    parents = {domain.id: domain.parent_id for domain in domains}
    return [len(_ancestors(domain.id, parents)) for domain in domains]


def domain_members(domains: Sequence[Domain], questions: Sequence[Question]) -> np.ndarray:
    """Return which questions each domain has, bool [domains, questions]: those that name it, or a domain below it."""
    rows = {domain.id: row for row, domain in enumerate(domains)}
    parents = {domain.id: domain.parent_id for domain in domains}
    lines = {identity: [rows[each] for each in (identity, *_ancestors(identity, parents))] for identity in rows}
    members = np.zeros((len(domains), len(questions)), bool)
    for column, question in enumerate(questions):
        for identity in domain_ids(question.data):
            members[lines.get(identity, []), column] = True
    if WHOLE in rows:
        members[rows[WHOLE]] = True
    return members


def domain_lines(named: Sequence[Domain], questions: Sequence[Question]) -> list[str]:
    """Return what there is to tell of the domains that a file names: those that only questions name, and those of no question."""
    if not named:
        return []
    known = {domain.id for domain in named}
    unknown = Counter(each for question in questions for each in domain_ids(question.data) if each not in known)
    empty = [domain.id for domain, own in zip(named, domain_members(named, questions), strict=True) if not own.any()]
    without = sum(not domain_ids(question.data) for question in questions)
    lines = [
        f"domains: {len(named):,}" + (f", and {len(unknown):,} that only questions name ({_listed(unknown)})" if unknown else "")
    ]
    if empty:
        lines.append(f"domains: {len(empty):,} without a question ({_listed(empty)})")
    if without:
        lines.append(f"domains: {without:,} of {len(questions):,} questions are in none")
    return lines


def _listed(ids: Sequence[str] | Counter[str], most: int = 8) -> str:
    named = [f"`{shown(each, 60)}`" for each in ids][:most]
    return ", ".join(named) + (f" and {len(ids) - most} more" if len(ids) > most else "")
