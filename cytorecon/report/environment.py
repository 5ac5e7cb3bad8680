"""The templates of the pages."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from cytorecon.figures.format import format_day

#: A number or an interval (of at least two characters, so that it can break), with its unit.
_QUANTITY: Final = re.compile(r"(?<![\w&#;])(&lt;)?\d[\d,.]*\d?(–[\d,.]+\d)?( cells/µL|/µL| %)")


@cache
def environment() -> Environment:
    """Return the environment: everything is escaped, and a misspelt name is an error."""
    made = Environment(
        loader=PackageLoader("cytorecon.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["day"] = format_day
    made.filters["css_string"] = css_string
    made.filters["unbroken"] = unbroken
    return made


def render(**values: object) -> str:
    """Return a page as HTML.

    Parameters
    ----------
    **values
        What ``templates/page.html.j2`` and its sections use.
    """
    return environment().get_template("page.html.j2").render(**values)


def render_alone(**values: object) -> str:
    """Return a page that needs no other file, as HTML.

    Parameters
    ----------
    **values
        What ``templates/sheet.html.j2`` and its sections use.
    """
    return environment().get_template("sheet.html.j2").render(**values)


def css_string(text: str) -> Markup:
    r"""Return text for the inside of a quoted CSS string: all but letters and digits as escapes.

    Examples
    --------
    >>> print(css_string('P01</style>"'))
    P01\3c \2f style\3e \22
    """
    escaped = "".join(c if c.isascii() and c.isalnum() else f"\\{ord(c):x} " for c in text)
    return Markup(escaped)  # noqa: S704 - letters, digits, backslashes and spaces


def unbroken(text: str) -> Markup:
    """Return text as HTML in which no line ends inside a number, an interval or its unit.

    Examples
    --------
    >>> print(unbroken("<P01> 424–1,509 cells/µL"))
    &lt;P01&gt; <span class="unbroken">424–1,509 cells/µL</span>
    """
    return Markup(_QUANTITY.sub(r'<span class="unbroken">\g<0></span>', str(escape(text))))  # noqa: S704 - escaped
