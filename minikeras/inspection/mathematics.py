"""Formulas, written in a part of LaTeX, as MathML for browsers and as letters for terminals.

    >>> formula = parse(r"\\frac{\\partial L}{\\partial x_i} = \\sum_j W_{ij} g_j")
    >>> formula.text()
    '∂L/∂xᵢ = Σⱼ Wᵢⱼ gⱼ'

What is known: letters, numbers, signs, Greek letters and the commands in the tables below, `\\frac`,
`\\sqrt`, sub- and superscripts, accents, `\\text`, `\\left( \\right)`, and the environments `cases`
and `aligned`. Everything else is an error, so that no page shows something else than was meant.
"""

# The signs of mathematics look like others.
# ruff: noqa: RUF001

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta":
    "η", "theta": "θ", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π",
    "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "ϕ", "varphi": "φ", "chi": "χ", "psi": "ψ",
    "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Sigma": "Σ", "Phi":
    "Φ", "Psi": "Ψ", "Omega": "Ω", "ell": "ℓ", "partial": "∂",
}  # fmt: skip
RELATIONS = {
    "le": "≤",
    "ge": "≥",
    "ne": "≠",
    "in": "∈",
    "notin": "∉",
    "to": "→",
    "mapsto": "↦",
    "approx": "≈",
    "equiv": "≡",
    "Rightarrow": "⇒",
    "leftarrow": "←",
    "propto": "∝",
    "mid": "|",
}
BINARY = {
    "odot": "⊙",
    "cdot": "·",
    "times": "×",
    "pm": "±",
    "circ": "∘",
    "ast": "∗",
    "otimes": "⊗",
    "lor": "∨",
    "land": "∧",
}
LARGE = {"sum": "∑", "prod": "∏", "int": "∫", "max": "max", "min": "min"}
PLAIN = {"infty": "∞", "dots": "…", "ldots": "…", "top": "⊤", "prime": "′", "lfloor": "⌊"}
PLAIN |= {"rfloor": "⌋", "forall": "∀", "{": "{", "}": "}", "|": "‖", "Vert": "‖"}
FUNCTIONS = {"exp", "log", "tanh", "sin", "cos", "erf", "sign"}
SPACES = {
    ",": "\u2009",
    ";": "\u2005",
    " ": " ",
    "quad": "\u2003",
    "qquad": "\u2003\u2003",
    "!": "",
}
ACCENTS = {"hat": ("^", "\u0302"), "bar": ("¯", "\u0304"), "tilde": ("~", "\u0303")}

_SUBSCRIPTS = dict(zip("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ"))
_SUPERSCRIPTS = dict(zip("0123456789+-=()nit⊤′", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱᵗᵀ′"))
_SUBSCRIPTS |= {"−": "₋"}
_SUPERSCRIPTS |= {"−": "⁻"}


class Formula:
    """A piece of a formula."""

    def mathml(self) -> str:
        """Return MathML."""
        raise TypeError(f"{type(self).__name__} has no MathML")

    def text(self) -> str:
        """Return letters."""
        raise TypeError(f"{type(self).__name__} has no text")

    atomic = True
    """Whether its text needs no parentheses within others."""


class Sign(Formula):
    """A letter, number, operator or word."""

    def __init__(
        self, tag: str, value: str, attributes: str = "", shown: str | None = None
    ) -> None:
        self.tag, self.value, self.attributes = tag, value, attributes
        self.shown = value if shown is None else shown

    def mathml(self) -> str:
        if self.tag == "mspace":
            return f'<mspace width="{0.2 * len(self.value) + 0.1:.1f}em"/>' if self.value else ""
        # Signs that Markdown would take for its own.
        value = escape(self.value).replace("*", "&#42;").replace("_", "&#95;")
        return f"<{self.tag}{self.attributes}>{value}</{self.tag}>"

    def text(self) -> str:
        return self.shown


class Row(Formula):
    """Pieces one after the other."""

    def __init__(self, parts: Sequence[Formula]) -> None:
        self.parts = list(parts)

    def mathml(self) -> str:
        inner = ""
        for i, part in enumerate(self.parts):
            before = self.parts[i - 1] if i else None
            if before is not None and (
                (_is_word(part) and _is_name(before)) or (_is_word(before) and not _opens(part))
            ):
                inner += THIN_SPACE  # as in "h tanh c"; a sign brings its own
            inner += part.mathml()
        return inner if len(self.parts) == 1 else f"<mrow>{inner}</mrow>"

    def text(self) -> str:
        pieces: list[str] = []
        for i, part in enumerate(self.parts):
            text = part.text()
            if isinstance(part, Sign) and part.tag == "mo" and part.attributes == SPACED:
                alone = i == 0 or _is_operator(self.parts[i - 1])
                text = text if alone and text in "−+" else f" {text} "
            elif isinstance(part, Sign) and part.tag == "mo" and text == ",":
                text = ", "
            elif _is_word(part) or (pieces and i and _is_large(self.parts[i - 1])):
                follows = i + 1 < len(self.parts) and not _opens(self.parts[i + 1])
                before = " " if i and _is_name(self.parts[i - 1]) else ""
                text = before + text + (" " if follows and _is_word(part) else "")
            elif i and _is_name(part) and _is_name(self.parts[i - 1]):
                before = self.parts[i - 1].text()
                if before != "∂" and len(text) + len(before) > 2:
                    text = " " + text
            elif i and _opens(part) and isinstance(self.parts[i - 1], Fraction):
                text = " " + text
            pieces.append(text)
        return re.sub(r" +", " ", "".join(pieces)).replace("( ", "(").replace(" )", ")").strip()

    @property
    def atomic(self) -> bool:  # type: ignore[override]
        return len(self.parts) == 1 and self.parts[0].atomic


class Fraction(Formula):
    """A quotient."""

    def __init__(self, above: Formula, below: Formula) -> None:
        self.above, self.below = above, below

    def mathml(self) -> str:
        return f"<mfrac>{_one(self.above)}{_one(self.below)}</mfrac>"

    def text(self) -> str:
        below = self.below.text()
        if not isinstance(self.below, Row) or _is_one_factor(self.below):
            return f"{_in_parentheses(self.above)}/{_in_parentheses(self.below)}"
        return f"{_in_parentheses(self.above)}/({below})"

    atomic = False


class Root(Formula):
    """A square root."""

    def __init__(self, inner: Formula) -> None:
        self.inner = inner

    def mathml(self) -> str:
        return f"<msqrt>{self.inner.mathml()}</msqrt>"

    def text(self) -> str:
        inner = self.inner.text()
        return f"√{inner}" if len(inner) == 1 else f"√({inner})"


class Accent(Formula):
    """A letter with something above it."""

    def __init__(self, inner: Formula, name: str) -> None:
        self.inner, self.signs = inner, ACCENTS[name]

    def mathml(self) -> str:
        return f'<mover accent="true">{_one(self.inner)}<mo>{self.signs[0]}</mo></mover>'

    def text(self) -> str:
        return self.inner.text() + self.signs[1]


class Scripts(Formula):
    """Something with a sub- or superscript."""

    def __init__(self, base: Formula, below: Formula | None, above: Formula | None) -> None:
        self.base, self.below, self.above = base, below, above

    def mathml(self) -> str:
        large = isinstance(self.base, Sign) and self.base.value in LARGE.values()
        kind = ("munder", "mover", "munderover") if large else ("msub", "msup", "msubsup")
        inner = _one(self.base)
        if self.below is not None:
            inner += _one(self.below)
        if self.above is not None:
            inner += _one(self.above)
        which = 2 if self.below and self.above else 0 if self.below else 1
        return f"<{kind[which]}>{inner}</{kind[which]}>"

    def text(self) -> str:
        base = self.base.text()
        base = base if self.base.atomic else f"({base})"
        text = base
        if self.below is not None:
            text += _script(self.below.text(), _SUBSCRIPTS, "_")
        if self.above is not None:
            text += _script(self.above.text(), _SUPERSCRIPTS, "^")
        return text


class Lines(Formula):
    """Several lines, their cells below each other: the environments `cases` and `aligned`."""

    def __init__(self, rows: Sequence[Sequence[Formula]], cases: bool) -> None:
        self.rows, self.cases = rows, cases

    def mathml(self) -> str:
        align = "left" if self.cases else "right left"
        rows = "".join(
            "<mtr>"
            + "".join(
                f'<mtd style="text-align:{"left" if self.cases or i % 2 else "right"};'
                f'padding:{"0.1em 0.5em" if self.cases else "0.2em 0"}">{c.mathml()}</mtd>'
                for i, c in enumerate(row)
            )
            + "</mtr>"
            for row in self.rows
        )
        table = f'<mtable columnalign="{align}" displaystyle="{str(not self.cases).lower()}">{rows}'
        table += "</mtable>"
        return f'<mrow><mo stretchy="true">{{</mo>{table}</mrow>' if self.cases else table

    def text(self) -> str:
        if self.cases:
            lines = ["  ".join(cell.text() for cell in row) for row in self.rows]
            return "{ " + ";  ".join(lines) + " }"
        return "\n".join(
            re.sub(r" +", " ", " ".join(cell.text() for cell in row)) for row in self.rows
        )


THIN_SPACE = '<mspace width="0.17em"/>'

SPACED = ' form="infix"'
"""Of operators that have room on both sides."""


def _one(piece: Formula) -> str:
    """Return MathML that is one element."""
    text = piece.mathml()
    single = isinstance(piece, Row) and len(piece.parts) != 1
    return text if not single or text.startswith("<mrow>") else f"<mrow>{text}</mrow>"


def _is_operator(piece: Formula) -> bool:
    return isinstance(piece, Sign) and piece.tag == "mo" and piece.value not in ")]|′}"


def _base(piece: Formula) -> Formula:
    while isinstance(piece, Scripts):
        piece = piece.base
    return piece


def _is_word(piece: Formula) -> bool:
    base = _base(piece)
    return isinstance(base, Sign) and (base.value in FUNCTIONS or base.value in LARGE.values())


def _is_large(piece: Formula) -> bool:
    base = _base(piece)
    return isinstance(base, Sign) and base.value in LARGE.values()


def _is_name(piece: Formula) -> bool:
    base = _base(piece)
    if isinstance(base, Accent):
        return True
    return isinstance(base, Fraction) or (
        isinstance(base, Sign) and (base.tag in ("mi", "mn") or base.value in ")]}")
    )


def _opens(piece: Formula) -> bool:
    return isinstance(piece, Sign) and piece.value in "([|‖"


def _in_parentheses(piece: Formula) -> str:
    text = piece.text()
    simple = re.fullmatch(r"[\w∂′̂̄̃ᵀ∑Σ²³ⁱⁿᵗ₀-₉ₐ-ₜᵢⱼᵣᵤᵥ√]+", text) or piece.atomic
    return text if simple or (text.startswith("√(") and text.count("(") == 1) else f"({text})"


def _is_one_factor(row: Row) -> bool:
    """Whether nobody could take a row for a product of which only the first is meant."""
    first = row.parts[0] if row.parts else None
    differential = isinstance(first, Sign) and first.value == "∂" and len(row.parts) == 2
    return len(row.parts) == 1 or differential


def _script(text: str, table: dict[str, str], mark: str) -> str:
    text = text.replace(" ", "") if all(c in table or c == " " for c in text) else text
    if all(c in table for c in text):
        return "".join(table[c] for c in text)
    return f"{mark}{text}" if len(text) == 1 else f"{mark}({text})"


END = ""
"""The token after the last one."""

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[0-9]+(?:\.[0-9]+)?|\s+|.", re.DOTALL)


class FormulaError(ValueError):
    """A formula has something that is not known here."""


class _Parser:
    def __init__(self, latex: str) -> None:
        self.latex = latex
        found = [match for match in _TOKEN.finditer(latex) if not match[0].isspace()]
        self.tokens = [match[0] for match in found] + [END]
        self.starts = [match.start() for match in found]
        self.at = 0

    def fail(self, what: str) -> FormulaError:
        return FormulaError(f"{what} in the formula {self.latex!r}")

    def peek(self) -> str:
        return self.tokens[self.at]

    def next(self) -> str:
        token = self.peek()
        if token == END:
            raise self.fail("Something is missing at the end")
        self.at += 1
        return token

    def row(self, *ends: str) -> Row:
        """Read up to one of some tokens, which is left."""
        parts: list[Formula] = []
        while (token := self.peek()) not in ends:
            if token == END:
                raise self.fail(f"{ends[0]!r} is missing")
            if token in ("^", "_"):
                raise self.fail("A script without a base")
            piece = self.atom()
            below = above = None
            while (mark := self.peek()) in ("^", "_", "'"):
                self.next()
                if mark == "'":
                    above = Sign("mo", "′")
                elif mark == "_" and below is None:
                    below = self.argument()
                elif mark == "^" and above is None:
                    above = self.argument()
                else:
                    raise self.fail("Two scripts at one place")
            scripted = below is not None or above is not None
            parts.append(Scripts(piece, below, above) if scripted else piece)
        return Row(parts)

    def argument(self) -> Formula:
        if self.peek() != "{":
            return self.atom()
        self.next()
        row = self.row("}")
        self.next()
        return row

    def words(self) -> str:
        """Read `{...}` as it stands."""
        opening = self.at
        if self.next() != "{":
            raise self.fail("'{' is missing")
        depth = 1
        while depth:
            token = self.next()
            depth += (token == "{") - (token == "}")
        return self.latex[self.starts[opening] + 1 : self.starts[self.at - 1]]

    def atom(self) -> Formula:
        token = self.next()
        if token.startswith("\\"):
            return self.command(token[1:])
        if token == "{":
            row = self.row("}")
            self.next()
            return row
        if token[0].isdigit():
            return Sign("mn", token)
        if token.isalpha():
            return Sign("mi", token)
        if token in "+-=<>/|":
            spaced = "" if token in "/|" else SPACED
            return Sign("mo", {"-": "−"}.get(token, token), spaced)
        if token in "()[],.:;!":
            stretchy = ' stretchy="false"' if token in "()[]" else ""
            return Sign("mo", token, stretchy)
        raise self.fail(f"{token!r} is not known")

    def command(self, name: str) -> Formula:
        if name in GREEK:
            return Sign("mi", GREEK[name])
        if name in RELATIONS:
            return Sign("mo", RELATIONS[name], SPACED)
        if name in BINARY:
            return Sign("mo", BINARY[name], SPACED if name != "circ" else "")
        if name in LARGE:
            return Sign("mo", LARGE[name], "", "Σ" if name == "sum" else None)
        if name in PLAIN:
            return Sign("mo" if name in "{}|" else "mi", PLAIN[name])
        if name in FUNCTIONS:
            return Sign("mi", name)
        if name in SPACES:
            return Sign("mspace", SPACES[name], "", " " if SPACES[name] else "")
        if name in ACCENTS:
            return Accent(self.argument(), name)
        if name == "frac":
            return Fraction(self.argument(), self.argument())
        if name == "sqrt":
            return Root(self.argument())
        if name == "text":
            words = self.words()
            # Browsers drop blanks at the ends.
            return Sign("mtext", words.replace(" ", "\u00a0"), "", words)
        if name in ("mathrm", "operatorname"):
            return Sign("mi", self.words(), ' mathvariant="normal"')
        if name in ("left", "right"):
            token = self.next()
            if token == ".":
                return Sign("mspace", "", "", "")
            return Sign("mo", PLAIN.get(token[1:], token) if token[0] == "\\" else token)
        if name == "begin":
            return self.environment(self.words())
        raise self.fail(f"'\\{name}' is not known")

    def environment(self, name: str) -> Formula:
        if name not in ("cases", "aligned"):
            raise self.fail(f"The environment {name!r} is not known")
        rows: list[list[Formula]] = [[]]
        while True:
            rows[-1].append(self.row("&", "\\\\", "\\end"))
            token = self.next()
            if token == "\\\\":
                rows.append([])
            elif token == "\\end":
                self.words()
                return Lines(rows, cases=name == "cases")


def parse(latex: str) -> Formula:
    """Read a formula.

    Raises:
        FormulaError: if it has something that is not known here.
    """
    return _Parser(latex).row(END)


def mathml(latex: str, display: bool = False) -> str:
    """Return a formula as a `<math>` element."""
    block = ' display="block"' if display else ""
    return f"<math{block}>{parse(latex).mathml()}</math>"


def replaced(text: str, write: Callable[[str, bool], str]) -> str:
    """Return a text with its formulas, in `$...$` or on lines of their own in `$$...$$`, replaced.

    Args:
        text: the text; code between backticks is left alone.
        write: `write(latex, display)`, what is to stand in its place.
    """

    def replace(match: re.Match) -> str:
        if match["code"]:
            return match["code"]
        return write(match["block"] or match["inline"], bool(match["block"]))

    return re.sub(
        r"(?P<code>```.*?```|`[^`]*`)|\$\$(?P<block>.+?)\$\$|\$(?P<inline>[^$]+?)\$",
        replace,
        text,
        flags=re.DOTALL,
    )
