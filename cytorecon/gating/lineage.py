"""What a gate or a population was found with the help of."""

from __future__ import annotations

from cytorecon.knowledge.template import Template, names_in, sources_of


def helped_by(name: str, template: Template) -> set[str]:
    """Return every gate that had a part in finding `name`, seeds, controls and the gate itself included.

    Parameters
    ----------
    name : str
        A population or a gate.
    template : Template
        Which holds it.

    Examples
    --------
    >>> from cytorecon.knowledge.templates import load_template
    >>> "one_cell" in helped_by("CD4_T", load_template("tbnk"))
    True
    """
    waiting, seen = [name], set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in template.population_by_name:
            entry = template.population_by_name[name]
            waiting += [*names_in(entry.where), entry.parent]
        elif name in template.gate_by_name:
            spec = template.gate_by_name[name]
            waiting += [used for text in sources_of(spec) for used in names_in(text)]
    return seen & set(template.gate_by_name)
