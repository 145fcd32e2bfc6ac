"""The filter of every table: a few words that never break while they are half typed.

Terms stand side by side and must all hold; ``|`` parts alternatives. What is not understood is
left out and named in ``Query.problem``; the rest holds. There are no regular expressions: Python's
take for ever with some patterns, and a filter is typed in a hurry. Wildcards do (``~``), in time
that grows with the text alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Generic

from pooltop.present.operand import OPERATORS, OperandError, test_of
from pooltop.present.table import Column, Row

SYNTAX: tuple[tuple[str, str], ...] = (
    ("word", "any text column, or the number of a socket or request, has it, in any case"),
    ('"two words"', 'likewise, with spaces, | or an operator in it; \\" is a quotation mark'),
    ("field:text", "that column has the text"),
    ("field~a*z", "that column is like it: * for any text, ? for one character"),
    ("field=x  !=x", "that column is, or is not, x as shown; - is nothing, or no limit"),
    ("field>1.2s", "also < >= <=, with units as shown: 50ms 1.2s 2m, 3k, 5%"),
    ("!term", "what follows does not hold"),
    ("a b", "both hold"),
    ("a | b", "at least one of the two holds"),
)
"""For the help page; fields are the columns' headings."""

LONGEST = 400
"""Characters that are read."""
_NEAR = 0.6
_VERY_NEAR = 0.75
"""How alike a word before a colon must be to a field to be taken for one misspelt: hosts have
colons too."""
_SPACES = " \t"


@dataclass(frozen=True, slots=True)
class Term(Generic[Row]):
    """One condition."""

    needle: str = ""
    """Casefolded text that any column must have; empty where there is a ``test``."""
    test: Callable[[Row], bool] | None = None
    """What a column must be."""
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Query(Generic[Row]):
    """What was understood of a filter, and what was not."""

    alternatives: tuple[tuple[Term[Row], ...], ...] = ()
    """One must hold with all its terms; without any, every row matches."""
    columns: tuple[Column[Row], ...] = ()
    """Where words without a field are looked for."""
    problem: str = ""
    """What was left out, the last of it, and why; empty where all was understood."""
    at: int | None = None
    """Index of that in the text; None where all was understood."""

    def matches(self, row: Row) -> bool:
        """Tell whether a row is to be shown."""
        if not self.alternatives:
            return True
        text: str | None = None
        for terms in self.alternatives:
            for term in terms:
                if term.test is not None:
                    holds = term.test(row)
                else:
                    if text is None:
                        text = self._text(row)
                    holds = term.needle in text
                if holds is term.negated:
                    break
            else:
                return True
        return False

    def _text(self, row: Row) -> str:
        texts = ((column, column.text(row)) for column in self.columns)
        # "s17" names a socket; a place in a queue is no name, and would match nearly any number.
        names = [text for column, text in texts if column.unit == "text" or not text.isdecimal()]
        return "\n".join(names).casefold()

    def filtered(self, rows: Iterable[Row]) -> list[Row]:
        """Give the rows that match, in their order."""
        if not self.alternatives:
            return list(rows)
        return [row for row in rows if self.matches(row)]


def fields_of(columns: Iterable[Column[Row]]) -> dict[str, Column[Row]]:
    """Give the names by which a filter knows columns, lower case, without spaces: id and title."""
    fields: dict[str, Column[Row]] = {}
    for column in columns:
        if not column.picture:
            for name in (column.id, column.title):
                if name:
                    fields.setdefault(_plain(name), column)
    return fields


def _plain(name: str) -> str:
    return name.casefold().replace(" ", "")


def parse(text: str, columns: Sequence[Column[Row]]) -> Query[Row]:
    """Give what can be understood of a filter; any text at all is accepted.

    Args:
        text: as it was typed so far.
        columns: all of the table's, shown or not.
    """
    reader = _Reader(text[:LONGEST], fields_of(columns))
    reader.read()
    if len(text) > LONGEST:
        reader.complain(f"only {LONGEST} characters are read", LONGEST)
    return Query(
        tuple(tuple(terms) for terms in reader.alternatives if terms),
        tuple(c for c in columns if not c.picture and c.unit in ("text", "id")),
        reader.problem,
        reader.at,
    )


class _Reader(Generic[Row]):
    """Goes through a filter once, from left to right."""

    def __init__(self, text: str, fields: dict[str, Column[Row]]) -> None:
        self.alternatives: list[list[Term[Row]]] = [[]]
        self.problem = ""
        self.at: int | None = None
        self._text = text
        self._fields = fields
        self._place = 0

    def complain(self, problem: str, at: int) -> None:
        """Name what is left out."""
        self.problem, self.at = problem, at

    def read(self) -> None:
        while self._next():
            if self._text[self._place] == "|":
                self._place += 1
                self.alternatives.append([])
                if not self._next():
                    self.complain("| : what else may hold is missing", self._place - 1)
            else:
                self._term()

    def _next(self) -> bool:
        """Go to what comes after spaces; tell whether there is anything."""
        while self._place < len(self._text) and self._text[self._place] in _SPACES:
            self._place += 1
        return self._place < len(self._text)

    def _term(self) -> None:
        start = self._place
        while self._text.startswith("!", self._place):
            self._place += 1
        negated = (self._place - start) % 2 == 1
        if self._text.startswith('"', self._place):
            self._add(Term(self._quoted().casefold(), None, negated), start, "a text is missing")
            return
        begin = self._place
        name, operator = self._name()
        if not operator:
            self._bare(name, negated, start)
            return
        is_quoted = self._text.startswith('"', self._place)
        operand = self._quoted() if is_quoted else self._until(_SPACES + "|")
        column = self._fields.get(_plain(name))
        if column is not None:
            try:
                test = test_of(column, operator, operand)
            except OperandError as error:
                self.complain(f"{name}{operator} : {error}", start)
            else:
                self._add(Term("", test, negated), start)
        elif not is_quoted and self._is_plain_text(name, operator):
            # "api.pay:443" is a host, "[::1]" an address, "/a?b=c" a path.
            self._add(Term(self._text[begin : self._place].casefold(), None, negated), start)
        else:
            self.complain(self._unknown(name), start)

    def _bare(self, word: str, negated: bool, start: int) -> None:
        if word.endswith("!") and _plain(word[:-1]) in self._fields:
            self.complain(f"{word} : = and a value are missing", start)
        else:
            self._add(Term(word.casefold(), None, negated), start, "what must not hold is missing")

    def _add(self, term: Term[Row], start: int, missing: str = "") -> None:
        if term.test is None and not term.needle:
            self.complain(f"{self._text[start : self._place]} : {missing}", start)
        else:
            self.alternatives[-1].append(term)

    def _name(self) -> tuple[str, str]:
        """Read up to an operator, and that; "" for it where the term ends without one."""
        begin = self._place
        while self._place < len(self._text) and self._text[self._place] not in _SPACES + "|":
            for operator in OPERATORS:
                if self._place > begin and self._text.startswith(operator, self._place):
                    name = self._text[begin : self._place]
                    self._place += len(operator)
                    return name, operator
            self._place += 1
        return self._text[begin : self._place], ""

    def _until(self, ends: str) -> str:
        begin = self._place
        while self._place < len(self._text) and self._text[self._place] not in ends:
            self._place += 1
        return self._text[begin : self._place]

    def _quoted(self) -> str:
        """Read what is in quotation marks; those at its end may be missing yet."""
        self._place += 1
        out: list[str] = []
        while self._place < len(self._text):
            char = self._text[self._place]
            self._place += 1
            if char == '"':
                break
            if char == "\\" and self._place < len(self._text):
                char = self._text[self._place]
                self._place += 1
            out.append(char)
        return "".join(out)

    def _is_plain_text(self, name: str, operator: str) -> bool:
        if not all(char.isalnum() or char in "_-/%+" for char in name) or name.startswith("/"):
            return True
        return operator == ":" and not self._near(name, _VERY_NEAR)

    def _near(self, name: str, cutoff: float) -> list[str]:
        return get_close_matches(_plain(name)[:40], self._fields, n=1, cutoff=cutoff)

    def _unknown(self, name: str) -> str:
        near = self._near(name, _NEAR)
        return f"no field {name}" + (f": did you mean {near[0]}?" if near else "")
