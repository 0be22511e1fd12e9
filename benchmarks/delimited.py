"""Reading CSV and TSV beside Python's csv module, pyarrow and DuckDB: CPU seconds for the same table in several shapes.

    python benchmarks/delimited.py [--megabytes 100] [--before CHECKOUT]

`this workflow` yields every row as articles are made of it. `csv` is a loop over `csv.reader`, with every line decoded and
every row made a dict; `pyarrow` and `duckdb` read columns, with one thread. With --before, the reader of another checkout reads
the same files in turn with this one. Each figure is the least of --times runs.
"""

import argparse
import csv
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
READ = """
import sys, time
sys.path.insert(0, sys.argv[1] + "/workflow/scripts")
from pathlib import Path
from knowledge_map.articles.formats.base import ReadSettings
from knowledge_map.articles.formats.registry import ARTICLE_FORMATS
path = Path(sys.argv[2])
begun = time.process_time()
rows = sum(hasattr(row, "fields") for row in ARTICLE_FORMATS[path.suffix[1:]].read_rows(path, ReadSettings(10**9)))
print(rows, time.process_time() - begun)
"""


def texts(rng: random.Random, sign: str) -> str:
    words = ["".join(rng.choices("abcdefghijklmnop", k=rng.randint(2, 9))) for _ in range(rng.randint(50, 400))]
    return sign.join(" ".join(words[start : start + 12]) for start in range(0, len(words), 12))


SHAPES: dict[str, tuple[str, str, int]] = {
    "CSV without quotes": (",", " ", csv.QUOTE_MINIMAL),
    "CSV, commas in texts": (",", ", ", csv.QUOTE_MINIMAL),
    "CSV, all quoted": (",", ", ", csv.QUOTE_ALL),
    "CSV, quotes in texts": (",", ' "word", ', csv.QUOTE_MINIMAL),
    "CSV, texts of several lines": (",", ",\n", csv.QUOTE_MINIMAL),
    "TSV without quotes": ("\t", ", ", csv.QUOTE_MINIMAL),
    "TSV, quotes not doubled": ("\t", ' "word" ', csv.QUOTE_NONE),
}


def write(path: Path, shape: str, size: int) -> None:
    delimiter, sign, quoting = SHAPES[shape]
    rng = random.Random(1)
    with path.open("w", encoding="utf-8", newline="") as file:
        none = {"quotechar": None} if quoting == csv.QUOTE_NONE else {}
        writer = csv.writer(file, delimiter=delimiter, quoting=quoting, lineterminator="\n", **none)
        writer.writerow(["id", "title", "url", "text"])
        number = 0
        while file.tell() < size:
            writer.writerow([number, f"Title {number}", f"https://example.org/{number}", texts(rng, sign)])
            number += 1


def with_csv(path: Path, delimiter: str) -> int:
    csv.field_size_limit(1 << 25)
    quoting = csv.QUOTE_NONE if "not doubled" in path.stem else csv.QUOTE_MINIMAL
    with path.open("rb") as file:
        table = csv.reader((line.decode("utf-8") for line in file), delimiter=delimiter, quoting=quoting)
        header = next(table)
        return sum(1 for cells in table if dict(zip(header, cells, strict=True)))


def with_pyarrow(path: Path, delimiter: str) -> int:
    import pyarrow as pa
    import pyarrow.csv as pa_csv

    pa.set_cpu_count(1)
    quote = False if "not doubled" in path.stem else '"'
    parse = pa_csv.ParseOptions(delimiter=delimiter, quote_char=quote, newlines_in_values=bool(quote))
    return pa_csv.read_csv(path, pa_csv.ReadOptions(use_threads=False), parse).num_rows


def with_duckdb(path: Path, delimiter: str) -> int:
    import duckdb

    quote = "" if "not doubled" in path.stem else '"'
    table = f"read_csv(?, delim=?, quote='{quote}', header=true, max_line_size=10000000, parallel=false)"
    connection = duckdb.connect(config={"threads": 1})
    return connection.execute(f"SELECT count(text) + sum(length(text)) * 0 FROM {table}", [str(path), delimiter]).fetchone()[0]


def seconds(read: Callable[[], int]) -> tuple[int, float]:
    begun = time.process_time()
    rows = read()
    return int(rows), time.process_time() - begun


def ours(checkout: Path, path: Path) -> tuple[int, float]:
    out = subprocess.run([sys.executable, "-c", READ, str(checkout), str(path)], check=True, capture_output=True, text=True)
    rows, took = out.stdout.split()
    return int(rows), float(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--before", type=Path, help="another checkout of this repository")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    readers = {"this workflow": lambda path, delimiter: ours(ROOT, path)}
    if options.before:
        readers["before"] = lambda path, delimiter: ours(options.before.resolve(), path)
    for name, read in (("csv", with_csv), ("pyarrow", with_pyarrow), ("duckdb", with_duckdb)):
        readers[name] = lambda path, delimiter, read=read: seconds(lambda: read(path, delimiter))
    print(f"{'CPU seconds':30}" + "".join(f"{name:>16}" for name in readers))
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for shape, (delimiter, _, _) in SHAPES.items():
            path = Path(folder) / f"{shape}{'.tsv' if delimiter == chr(9) else '.csv'}"
            write(path, shape, options.megabytes * 1_000_000)
            best: dict[str, float] = {}
            rows: dict[str, int] = {}
            for _ in range(options.times):  # in turn, so that all share what else the machine does
                for name, read in readers.items():
                    rows[name], took = read(path, delimiter)
                    best[name] = min(took, best.get(name, took))
            path.unlink()
            assert len({rows[name] for name in rows if name != "before"}) == 1, rows
            found[shape] = best
            print(f"{shape:30}" + "".join(f"{best[name]:16.2f}" for name in readers), flush=True)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
