"""Rows of delimited fields, whatever they are quoted with: by RFC 4180, with backslashes, or not at all.

The `csv` module reads what is quoted. Before it is believed, a row with a quote in it has to have as many fields as the header,
and may not take in lines that are rows by themselves: in a table written without quoting, a text that merely begins with a quote
would take in all rows up to one that ends with a quote. Where a row does not tell, the beginning of the table does.
"""

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from knowledge_map.common.text import reason_of

BEGINNING = 1 << 16
"""Characters by which it is told how a table is quoted."""

EVIDENCE, MOST_LOOKED_AT = 5, 1_000
"""Rows that are enough to tell, and rows with quotes among which they are looked for."""

MOST_READ_AGAIN = 1 << 28
"""Characters; each quote that is never closed may have some read again."""

MOST_CONTINUED = 100
"""Lines that a row goes on in, each of which ends with a backslash."""

COINCIDENCE = 3
"""Delimiters in just the right places which are no coincidence any more, in a table that shows no quoting."""

NOT_UTF_8 = "not UTF-8"

MARK = "\ufeff"

Line = tuple[int, str, bool]
"""A line of the file: its number, its text with its end, and whether it is UTF-8."""

Cells = tuple[int, list[str], str]
"""A row: the number of the line it begins in, its fields, and what is wrong with it, or ""."""


class Parsed(NamedTuple):
    """What the csv module makes of a row: its fields, or an error, and the lines it took."""

    values: list[str]
    error: str
    lines: list[Line]


class DelimitedRows:
    """The rows of a table from its lines: first the header, which may show another delimiter, then the rows below it.

    Parameters
    ----------
    lines : with their ends.
    tell : takes in words what was found out of the quoting.
    longest_field, longest_row : characters; what is longer is broken.
    """

    def __init__(self, lines: Iterator[bytes], delimiter: str, tell: Callable[[str], None], longest_field: int, longest_row: int):
        self.delimiter = delimiter
        self._raw, self._tell = lines, tell
        self._longest_field, self._longest_row = longest_field, longest_row
        self._number = 0
        self._all_valid = True
        self._ahead: deque[Line] = deque()
        """Lines that were read and are to be read again."""
        self._left_to_read_again = MOST_READ_AGAIN
        self._quoted = self._unquoted = 0
        """Rows at the beginning that only a table with quoting has, and only one without."""
        self._line_by_line = False
        """Whether a quote has to be closed in its line, because the table is written without quoting."""
        self._backslashes = self._escapes = False
        """Whether quotes are escaped by backslashes; whether delimiters and line ends are."""
        csv.field_size_limit(longest_field)

    # Lines

    def _next(self) -> Line | None:
        if self._ahead:
            return self._ahead.popleft()
        raw = next(self._raw, None)
        if raw is None:
            return None
        self._number += 1
        try:
            return self._number, raw.decode("utf-8"), True
        except UnicodeDecodeError:
            return self._undecodable(raw)

    def _undecodable(self, raw: bytes) -> Line:
        self._all_valid = False
        return self._number, raw.decode("utf-8", "surrogateescape"), False

    def _read_again(self, lines: list[Line]) -> bool:
        """Have lines read again, unless that was done too often."""
        self._left_to_read_again -= sum(len(text) for _, text, _ in lines)
        if self._left_to_read_again < 0:
            return False
        self._ahead.extendleft(reversed(lines))
        return True

    # The header

    def header(self) -> Iterator[Line]:
        """Yield one line after the other that is not blank, until one was the header."""
        while (line := self._next()) is not None:
            number, text, valid = line
            first, *rest = text.rstrip("\r\n").split("\r")
            if rest and '"' not in text:  # a file with the line ends of old Macs, to which others were joined
                self._read_again([(number, part + "\n", valid) for part in rest])
                text = first + "\n"
            if text.strip():
                yield number, text, valid

    def split(self, line: Line, delimiter: str | None = None) -> Cells:
        """Return the fields of a header, and make it that of this table unless this is a trial of another delimiter."""
        _, text, valid = line
        parsed = self._parse(line, delimiter or self.delimiter, line_by_line=delimiter is not None)
        if delimiter is None:
            self._header, self._quoted = text.rstrip("\r\n"), int('"' in text)
        return line[0], parsed.values, parsed.error if valid else parsed.error or NOT_UTF_8

    # The rows

    def below(self, width: int) -> Iterator[Cells]:
        """Yield the rows below the header, which has `width` fields."""
        self._width = width
        self._look_at_beginning()
        quick = deque()
        # It raises IndexError where a row goes on in the next line.
        reader = csv.reader(iter(quick.popleft, None), delimiter=self.delimiter, strict=True)
        header = self._header if width > 1 else "\n"  # what a line ends with to which another file was joined
        delimiter, longest = self.delimiter, self._longest_field
        goes_on = False  # whether a row did, as the next one then may as well
        while (line := self._next()) is not None:
            number, text, valid = line
            body = text.rstrip("\r\n")
            if not body:
                continue
            if body.endswith(header) and len(body) > len(header):
                self._ahead.appendleft((number, header + "\n", True))
                body = body[: -len(header)].removesuffix(MARK)
                line = number, body + "\n", valid
            values = None
            escapes = self._backslashes or body[-1:] == "\\" or (self._escapes and "\\" in body)
            if escapes or (goes_on and '"' in body):
                pass
            elif '"' in body:
                quick.append(body)
                try:
                    values = next(reader)
                except (IndexError, csv.Error):
                    quick.clear()
            elif len(body) <= longest and "\r" not in body:
                values = body.split(delimiter)
            if values is not None and len(values) == width and valid:
                yield number, values, ""
            else:
                yield from self._difficult(line)
                goes_on = self._number > number + 1 and not self._ahead

    def _difficult(self, line: Line) -> Iterator[Cells]:
        """Yield the row that begins in a line and is not read at once, or the rows that it turns out to be."""
        number, text, valid = line
        if "\\" in text and self._left_to_read_again > 0 and (found := self._escaped(line)):
            yield found
            return
        parsed = self._parse(line, self.delimiter, self._line_by_line, self._backslashes)
        if not self._fits(parsed) or len(parsed.lines) > 1:
            parsed = self._with_backslashes(line, parsed) if '\\"' in text and not self._backslashes else parsed
        if len(parsed.lines) > 1 and not (self._quoted > self._unquoted and self._fits(parsed)):
            yield from self._over_lines(parsed)
            return
        if not self._fits(parsed):
            parts = [part for part in text.rstrip("\r\n").split("\r") if part]
            if len(parts) > 1 and all(self._is_row(part) for part in parts):
                self._read_again([(number, part + "\n", valid) for part in parts])
                return
            literal = self._literally(text)
            may_be = '"' not in text or self.delimiter == "\t" or self._may_be_literal()
            if len(literal) == self._width and may_be and len(text) <= self._longest_field:
                parsed = parsed._replace(values=literal, error="")
        yield self._cells(parsed)

    def _over_lines(self, parsed: Parsed) -> Iterator[Cells]:
        """Yield a row that goes on in further lines, or that of its first line, where the others are rows by themselves."""
        first, rest = parsed.lines[0], parsed.lines[1:]
        fits = self._fits(parsed)
        is_row = self._is_row if fits else self._is_row_by_itself
        alike = sum(is_row(text) for _, text, _ in rest)
        one_row = 2 * alike < len(rest) or (fits and not self._is_row(first[1]))
        may_be_quoted = fits and not self._may_be_literal()
        if one_row or (may_be_quoted and (alike < len(rest) or self._quoted > self._unquoted)):
            yield self._cells(parsed)
        elif may_be_quoted and (self._width - 1) * len(rest) < COINCIDENCE:
            # Two rows, or one text over two lines: neither is believed.
            for number, _, _ in parsed.lines:
                yield number, [], "a quote that is closed in another line, which may be a row by itself"
        elif not self._read_again(rest):
            for number, _, _ in parsed.lines:
                yield number, [], f"{parsed.error or 'a quote that is closed in another row'}, begun in line {first[0]}"
        elif fits or self._may_be_literal():
            self._tell("written without quoting, and read so")
            self._line_by_line = True
            yield self._cells(Parsed(self._literally(first[1]), "", [first]))
        else:
            yield self._cells(Parsed([], parsed.error, [first]))

    def _cells(self, parsed: Parsed) -> Cells:
        """Return a row for its reader: broken unless it has the right number of fields, all UTF-8."""
        number = parsed.lines[0][0]
        values, error = parsed.values, parsed.error
        if not error and len(values) != self._width:
            if not any(values[self._width :]) and len(values) > self._width:  # delimiters too many at the end
                values = values[: self._width]
            elif not any(values) and len(values) > 1:
                values = [""] * self._width
            else:
                error = f"{len(values)} fields where the header has {self._width}"
        if not error and not self._all_valid and not all(valid for _, _, valid in parsed.lines):
            error = NOT_UTF_8
        return number, values, error

    def _fits(self, parsed: Parsed) -> bool:
        return not parsed.error and len(parsed.values) == self._width

    def _is_row(self, text: str) -> bool:
        """Return whether a line by itself has as many delimiters as the header."""
        return text.count(self.delimiter) == self._width - 1

    def _is_row_by_itself(self, text: str) -> bool:
        """Return whether a line by itself has as many fields as the header."""
        return self._is_row(text) or self._fits(self._parse((0, text, True), self.delimiter, True, self._backslashes))

    def _literally(self, text: str) -> list[str]:
        return text.rstrip("\r\n").split(self.delimiter)

    def _may_be_literal(self) -> bool:
        """Return whether a quote that is not closed is a character like any other: few tables with tabs are quoted."""
        return (self.delimiter == "\t" and not self._quoted) or self._line_by_line or self._unquoted > self._quoted + 1

    # Quotes

    def _parse(self, line: Line, delimiter: str, line_by_line: bool = False, backslashes: bool = False) -> Parsed:
        """Return what the csv module makes of the row that begins in a line."""
        lines: list[Line] = []

        def feed() -> Iterator[str]:
            left, current, take, raw, ahead = self._longest_row, line, lines.append, self._raw, self._ahead
            while True:
                take(current)
                text = current[1]
                left -= len(text)
                if left < 0:
                    raise csv.Error(f"a row of more than {self._longest_row:,} bytes")
                yield _doubled(text) if backslashes else text
                if line_by_line:
                    return
                if ahead:
                    current = ahead.popleft()
                elif (content := next(raw, None)) is None:
                    return
                else:  # `_next` without its call, for every line of a text
                    self._number += 1
                    try:
                        current = self._number, content.decode("utf-8"), True
                    except UnicodeDecodeError:
                        current = self._undecodable(content)

        try:
            return Parsed(next(csv.reader(feed(), delimiter=delimiter, strict=True)), "", lines)
        except csv.Error as error:
            return Parsed([], reason_of(error), lines)

    def _with_backslashes(self, line: Line, parsed: Parsed) -> Parsed:
        """Return a row with its quotes escaped by backslashes, or as it was parsed where that does not fit better."""
        self._ahead.extendleft(reversed(parsed.lines[1:]))
        other = self._parse(line, self.delimiter, self._line_by_line, backslashes=True)
        if self._fits(other) and (not self._fits(parsed) or len(other.lines) < len(parsed.lines)):
            self._tell("quotes are escaped by backslashes, and read so")
            self._backslashes = True
            return other
        self._ahead.extendleft(reversed(other.lines[1:]))
        for _ in parsed.lines[1:]:
            self._next()
        return parsed

    def _escaped(self, line: Line) -> Cells | None:
        """Return a row with its delimiters and line ends escaped by backslashes, None where that is not what it needs."""
        lines = [line]
        while _ends_with_escape(lines[-1][1]) and len(lines) < MOST_CONTINUED and (more := self._next()) is not None:
            lines.append(more)
        text = "".join(text for _, text, _ in lines).rstrip("\r\n")
        values = self._fields_with_escapes(text) if '"' not in text else []
        needed = self._escapes or len(lines) > 1 or not self._is_row(text)
        if len(values) == self._width and needed and not any(self._is_row(text) for _, text, _ in lines[1:]):
            if not self._escapes:
                self._tell("delimiters and line ends are escaped by backslashes, and read so")
                self._escapes = True
            return self._cells(Parsed([_unescaped(value) for value in values], "", lines))
        self._left_to_read_again -= len(text)
        self._ahead.extendleft(reversed(lines[1:]))
        return None

    def _fields_with_escapes(self, text: str) -> list[str]:
        """Return what stands between the delimiters before which no backslash stands."""
        values, held = [], ""
        for part in text.split(self.delimiter):
            held += part
            if _ends_with_escape(part):
                held += self.delimiter
            else:
                values.append(held)
                held = ""
        return values if not held else []

    def _look_at_beginning(self) -> None:
        """Count rows that only a table with quoting has, and rows that only one without has."""
        lines: list[Line] = []
        size = 0
        while size < BEGINNING and (line := self._next()) is not None:
            lines.append(line)
            size += len(line[1])
        texts = [text for _, text, _ in lines]
        at, found, looked_at = 0, 0, 0
        while at < len(texts) and found < EVIDENCE and looked_at < MOST_LOOKED_AT:
            taken = 1
            if '"' in texts[at]:
                looked_at += 1
                below = (texts[number] for number in range(at, len(texts)))
                reader = csv.reader(below, delimiter=self.delimiter, strict=True)
                evidence, taken = self._evidence(texts, at, reader)
                found += evidence != 0
                self._quoted += evidence > 0
                self._unquoted += evidence < 0
            at += taken
        self._ahead.extendleft(reversed(lines))

    def _evidence(self, texts: list[str], at: int, reader: Any) -> tuple[int, int]:
        """Return what the row at a line tells (1 of quoting, -1 of none, 0 of neither), and how many lines it takes."""
        text = texts[at].rstrip("\r\n")
        try:
            values = next(reader)
        except csv.Error as error:
            broken = "expected after" in str(error) and reader.line_num == 1 and self._is_row(text) and '\\"' not in text
            return (-1 if broken else 0), 1
        if len(values) != self._width:
            return 0, 1
        if reader.line_num > 1:
            rows = sum(self._is_row(line) for line in texts[at + 1 : at + reader.line_num])
            return (1, reader.line_num) if 2 * rows < reader.line_num - 1 else (0, 1)
        quotes = any('"' in value for value in values)
        if not self._is_row(text) or (quotes and '""' in text) or (not quotes and text.count('"') > 3):
            return 1, 1
        # A quote that ends a line may close what began in another.
        return (-1 if any('"' in value for value in [*values[:-1], values[-1][:-1]]) else 0), 1


def _doubled(text: str) -> str:
    """Return a line with quotes that are escaped by backslashes escaped by doubling."""
    return re.sub(r'\\([\\"])', lambda match: '""' if match[1] == '"' else "\\", text)


def _unescaped(value: str) -> str:
    if value == r"\N":  # how MySQL and PostgreSQL write that there is nothing
        return ""
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t", "r": "\r"}.get(match[1], match[1]), value, flags=re.DOTALL)


def _ends_with_escape(text: str) -> bool:
    body = text.rstrip("\r\n")
    return (len(body) - len(body.rstrip("\\"))) % 2 == 1
