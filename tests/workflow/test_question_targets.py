"""Domains on the page, and what is made of the questions only when asked for: domains for another page, and an audit."""

import json
from collections import Counter

from page_files import Elements

DOMAINS = [{"id": "life", "name": "Life"}, {"id": "cells", "name": "Cells", "parent_id": "life"}]


def test_domains_and_audit_are_written_and_the_domains_serve_as_questions_again(finished):
    questions = json.loads((finished / "questions.json").read_text())
    questions = [question | {"domain_ids": ["cells"] if number else ["a b"]} for number, question in enumerate(questions)]
    (finished / "questions.json").write_text(json.dumps(questions))
    (finished / "domains.json").write_text(json.dumps(DOMAINS))
    finished.configure(domains="domains.json", bundle={"articles": 30, "grid_size": 4})
    run = finished.run("domain_bundle", "question_audit", "map_page")
    assert run.code == 0, run.output
    page = Elements((finished / "results/knowledge_map.html").read_text(encoding="utf-8")).head()
    assert [domain["name"] for domain in page["domains"]] == ["Life", "Cells", "a b"]
    assert run.jobs["domain_bundle"] == run.jobs["question_audit"] == 1
    assert "domains: 2, and 1 that only questions name (`a b`)" in run.output
    index = json.loads((finished / "results/domains/index.json").read_text())
    assert [(domain["id"], domain["question_count"]) for domain in index["domains"]] == [
        *(("all", 4), ("life", 3), ("cells", 3), ("a b", 1))
    ]
    bundle = json.loads((finished / "results/domains/all.json").read_text())
    assert (len(bundle["articles"]), len(bundle["labels"])) == (30, 16)
    assert finished.plan("domain_bundle", "question_audit") == Counter()
    audit = json.loads((finished / "results/question_audit/audit.json").read_text())
    assert {check["name"]: check["found"] for check in audit["checks"]}["source_missing"] == 4
    assert all((finished / "results/question_audit" / name).exists() for name in ("report.html", "findings.csv", "questions.csv"))
    for name in ("all", "index"):
        (finished / f"{name}.json").write_bytes((finished / f"results/domains/{name}.json").read_bytes())
    finished.configure(questions="all.json", domains="index.json", results="again")
    assert finished.plan("domain_bundle")["domain_bundle"] == 1


def test_a_domain_that_cannot_name_a_file_is_refused_before_any_job(finished):
    questions = json.loads((finished / "questions.json").read_text())
    (finished / "questions.json").write_text(json.dumps([question | {"domain_ids": ["../up"]} for question in questions]))
    run = finished.run("domain_bundle")
    assert run.code != 0
    assert "the id `../up` of a domain cannot name a file" in run.output
    assert run.jobs == Counter()


def test_an_audit_without_questions_is_refused_before_any_job(finished):
    finished.configure(questions=None)
    run = finished.run("question_audit")
    assert run.code != 0
    assert "question_audit: there are no questions; name a file of them as `questions`." in run.output
    assert run.jobs == Counter()
