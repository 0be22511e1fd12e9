"""Files that are not what their names say: one table of first bytes, each with what to do about it."""

import re
from pathlib import Path
from typing import NamedTuple

from knowledge_map.common.errors import UserError

AS_TABLE = "save its texts as parquet, CSV or JSON Lines"

UNPACK = "unpack it, and name what was in it"

DECOMPRESS = "decompress it; gzip, bzip2, xz and zstd are read as they are"

ARTICLES_INSTEAD = "name the file that has the articles"

AS_CSV = "save the sheet as CSV in UTF-8, with a header line"


class Foreign(NamedTuple):
    """Content that no format reads: what it is, the bytes by which it is known, and the remedy."""

    what: str
    first_bytes: re.Pattern[bytes]
    remedy: str


def _foreign(what: str, pattern: bytes, remedy: str) -> Foreign:
    return Foreign(what, re.compile(pattern, re.DOTALL), remedy)


BLANK = rb"(?:\xef\xbb\xbf)?\s*"

FOREIGN = (
    # What stands in the place of data.
    _foreign(
        "a pointer of Git LFS, which stands in place of the data",
        BLANK + rb"version https://(?:git-lfs\.github\.com|hawser\.github\.com)/spec/",
        "fetch the data by `git lfs pull` in that repository",
    ),
    _foreign(
        "a pointer of Xet, which stands in place of the data",
        rb"# xet version \d",
        "fetch the data by `git lfs pull` with Xet installed, or download the file itself",
    ),
    _foreign("a pointer of git-annex, which stands in place of the data", rb"/annex/objects/", "fetch it by `git annex get`"),
    _foreign(
        "a pointer of DVC, which stands in place of the data",
        rb"(?:md5: [0-9a-f]{32}\s+)?outs:\s*\n-? *(?:md5|hash|etag|size):? ",
        "fetch the data by `dvc pull`, and name the file without .dvc",
    ),
    _foreign(
        "an HTML page, such as a server sends in place of a file",
        BLANK + rb"(?:<!--.{0,4096}?-->\s*)*<(?i:!doctype\s+html|html[\s>]|head[\s>])",
        "open it to see what the server says, and download the file itself",
    ),
    _foreign(
        "an error message of a server, in place of a file",
        BLANK + rb"(?:<\?xml[^>]*>\s*)?<(?i:Error|ErrorResponse)(?:\s[^>]*)?>",
        "open it to see what the server says, and download the file itself",
    ),
    _foreign("nothing but zeros, as a download or a disk that broke leaves them", rb"\x00{512}", "fetch or copy the file anew"),
    _foreign(
        "an AppleDouble file, in which a Mac keeps what belongs to another",
        rb"\x00\x05\x16[\x00\x07]\x00",
        "name the file without the `._` before its name",
    ),
    # Texts in other encodings.
    _foreign("in UTF-32", rb"\xff\xfe\x00\x00|\x00\x00\xfe\xff", "save it as UTF-8"),
    _foreign("in UTF-16", rb"\xff\xfe|\xfe\xff|(?:[\t\n\r -~]\x00){4}|(?:\x00[\t\n\r -~]){4}", "save it as UTF-8"),
    # Archives, and what is in fact one.
    _foreign("an Excel workbook", rb"PK\x03\x04.{26,4000}?xl/", AS_CSV),
    _foreign("a Word document", rb"PK\x03\x04.{26,4000}?word/", AS_TABLE),
    _foreign("a PowerPoint presentation", rb"PK\x03\x04.{26,4000}?ppt/", AS_TABLE),
    _foreign("a document of Office", rb"PK\x03\x04.{26}\[Content_Types\]\.xml", f"{AS_CSV}, or {AS_TABLE}"),
    _foreign("a sheet of OpenDocument", rb"PK\x03\x04.{26,60}?mimetypeapplication/vnd\.oasis\.opendocument\.spreadsheet", AS_CSV),
    _foreign("a document of OpenDocument", rb"PK\x03\x04.{26,60}?mimetypeapplication/vnd\.oasis\.opendocument", AS_TABLE),
    _foreign("a book in EPUB", rb"PK\x03\x04.{26,60}?mimetypeapplication/epub\+zip", AS_TABLE),
    _foreign("an archive of NumPy arrays (.npz)", rb"PK\x03\x04.{26}[^/\x00]{1,200}?\.npy", AS_TABLE),
    _foreign(
        "weights of a model that PyTorch has saved",
        rb"PK\x03\x04.{26}[^\x00]{0,200}?/(?:data\.pkl|\.format_version)",
        ARTICLES_INSTEAD,
    ),
    _foreign("a ZIP archive", rb"PK(?:\x03\x04|\x05\x06|\x07\x08)", UNPACK),
    _foreign("a 7z archive", rb"7z\xbc\xaf\x27\x1c", UNPACK),
    _foreign("a RAR archive", rb"Rar!\x1a\x07", UNPACK),
    _foreign("a tar archive", rb".{257}ustar(?:\x00\d\d|  \x00)", UNPACK),
    _foreign("a CAB archive", rb"MSCF\x00\x00\x00\x00", UNPACK),
    _foreign("compressed with LZ4", rb"\x04\x22\x4d\x18|\x02\x21\x4c\x18", DECOMPRESS),
    _foreign("compressed with lzip", rb"LZIP\x01", DECOMPRESS),
    _foreign("compressed with lzop", rb"\x89LZO\x00\r\n\x1a\n", DECOMPRESS),
    _foreign("compressed with compress (.Z)", rb"\x1f[\x9d\xa0]", DECOMPRESS),
    _foreign("compressed with Snappy", rb"\xff\x06\x00\x00sNaPpY", DECOMPRESS),
    _foreign("a file of WARC, as web crawls have them", rb"WARC/\d", f"extract its pages, and {AS_TABLE}"),
    _foreign("an archive of Kiwix (ZIM)", rb"ZIM\x04", "give the wiki's own dump (pages-articles)"),
    # Tables and arrays of other programs.
    _foreign(
        "an Arrow or Feather file",
        rb"ARROW1\x00\x00|FEA1[\x00-\x08]",
        "read it with pandas.read_feather and save it by to_parquet",
    ),
    _foreign(
        "a stream of Arrow, as the library `datasets` keeps them",
        rb"\xff\xff\xff\xff[^\x00].{2}\x00\x10\x00\x00\x00",
        "read it with datasets.Dataset.from_file and save it by to_parquet",
    ),
    _foreign("an encrypted parquet file", rb"PARE", "write it anew without encryption"),
    _foreign("a NumPy array (.npy)", rb"\x93NUMPY", AS_TABLE),
    _foreign("a file of HDF5", rb"\x89HDF\r\n\x1a\n", AS_TABLE),
    _foreign("a file of MATLAB", rb"MATLAB 5\.0 MAT-file", AS_TABLE),
    _foreign("a file of R", rb"RD[XAB][23]\n|X\n\x00\x00\x00[\x02\x03]\x00", AS_TABLE),
    _foreign("an ORC file", rb"ORC.{0,6}?[\x00-\x08\x0e-\x1f]", "write it as parquet, which holds the same"),
    _foreign("an Avro file", rb"Obj\x01", "write it as parquet, which holds the same"),
    _foreign("a database of SQLite", rb"SQLite format 3\x00", "export its table as CSV or parquet"),
    _foreign("a database of DuckDB", rb".{8}DUCK.\x00\x00\x00", "export its table: COPY ... TO 'articles.parquet'"),
    _foreign(
        "a dump of a SQL database",
        BLANK + rb"(?:PGDMP|-- (?:MySQL|MariaDB|PostgreSQL|phpMyAdmin)|/\*!\d{5} |/\*M!|PRAGMA foreign_keys|"
        rb"(?i:CREATE TABLE|INSERT INTO) )",
        "load it into its database, and export the table of texts as CSV or JSON Lines",
    ),
    _foreign("a workbook or a document of an old Office", rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", f"{AS_CSV}, or {AS_TABLE}"),
    # Models.
    _foreign("weights of a model (GGUF)", rb"(?:GGUF|tjgg|lmgg|fmgg)[\x00-\x09]", ARTICLES_INSTEAD),
    _foreign("weights of a model (safetensors)", rb'.{5}\x00{3}\s*\{"', ARTICLES_INSTEAD),
    # What people read, see and hear.
    _foreign("a PDF document", BLANK + rb"%PDF-", f"extract its text, and {AS_TABLE}"),
    _foreign("a PostScript document", rb"%!PS", f"extract its text, and {AS_TABLE}"),
    _foreign("a document in RTF", rb"\{\\rtf\d", AS_TABLE),
    _foreign("a document of TeX", BLANK + rb"\\(?:documentclass|documentstyle|input)\b", AS_TABLE),
    _foreign(
        "text of wikiextractor as <doc>",
        BLANK + rb'<doc id="',
        "run wikiextractor with --json, or give the dump itself, which is read as it is",
    ),
    _foreign(
        "a picture",
        rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|RIFF.{4}WEBP|II\*\x00|MM\x00\*|BM.{4}\x00{4}",
        ARTICLES_INSTEAD,
    ),
    _foreign(
        "a sound or a film",
        rb"RIFF.{4}(?:WAVE|AVI )|ID3[\x02-\x04]|OggS\x00|fLaC\x00|\x00\x00\x00.ftyp|\x1aE\xdf\xa3",
        ARTICLES_INSTEAD,
    ),
    _foreign("a program", rb"\x7fELF|MZ[\x00-\x08\x80-\xff]|\xcf\xfa\xed\xfe|\xca\xfe\xba\xbe", ARTICLES_INSTEAD),
)
"""Asked in this order, before names and configured formats; what is more special comes first."""

XML = re.compile(BLANK + rb"<\?xml[\s?]")
"""XML that is no MediaWiki dump; it has no row of its own above, since the reader of dumps says more about it."""


def refuse_foreign(path: Path, head: bytes) -> None:
    """Raise UserError where a file, by its first bytes, holds what no format reads."""
    for each in FOREIGN:
        if each.first_bytes.match(head):
            raise UserError(f"{path}: is {each.what}; {each.remedy}.")
