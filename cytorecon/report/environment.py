"""The templates of the pages."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from cytorecon.figures.format import format_day


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
    return made


def render(**values: object) -> str:
    """Return a page as HTML.

    Parameters
    ----------
    **values
        What ``templates/page.html.j2`` and its sections use.
    """
    return environment().get_template("page.html.j2").render(**values)
