"""Formulas as letters and as MathML."""

# ruff: noqa: RUF001

import xml.etree.ElementTree as ElementTree

import pytest

from minikeras.inspection import book
from minikeras.inspection.mathematics import FormulaError, mathml, parse, replaced


@pytest.mark.parametrize(
    "latex, letters",
    [
        (r"\frac{\partial L}{\partial x_i} = \sum_j W_{ij} g_j", "∂L/∂xᵢ = Σⱼ Wᵢⱼ gⱼ"),
        (r"\bar X = \bar Z W^\top", "X̄ = Z̄ Wᵀ"),
        (r"\frac{x}{2 y}", "x/(2y)"),
        (r"-a - b", "−a − b"),
        (r"h \tanh c", "h tanh c"),
        (r"\text{so it is} \, \text{s o it is}", "so it is s o it is"),
        (
            r"\begin{cases} x & \text{if } x > 0 \\ 0 & \text{else} \end{cases}",
            "{ x if x > 0; 0 else }",
        ),
    ],
)
def test_letters(latex, letters):
    assert parse(latex).text().replace("  ", " ") == letters


def test_mathml():
    assert mathml("x_i^2") == ("<math><msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup></math>")
    assert mathml(r"\sum_i x", display=True).startswith('<math display="block"><mrow><munder>')


@pytest.mark.parametrize(
    "latex, problem",
    [
        (r"\wrong x", r"'\\wrong' is not known"),
        ("x_", "missing at the end"),
        ("x^2^3", "Two scripts"),
        (r"\frac{a", "is missing"),
        (r"\begin{matrix} x \end{matrix}", "environment 'matrix' is not known"),
        ("x # y", "'#' is not known"),
    ],
)
def test_what_is_not_known_is_an_error(latex, problem):
    with pytest.raises(FormulaError, match=problem):
        parse(latex)


@pytest.mark.parametrize("page", book.PAGES)
def test_all_formulas_of_the_book_are_well_formed(page):
    found = []

    def write(latex, display):
        ElementTree.fromstring(mathml(latex, display))
        assert parse(latex).text()
        found.append(latex)
        return ""

    rest = replaced(book.text_of(page), write)
    assert found and "$" not in rest and "\\" not in rest
