"""Load a gating template by name (packaged or the user's) or by path."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from cytorecon.errors import KnowledgeError
from cytorecon.knowledge.files import read_yaml, sha256_of, validated
from cytorecon.knowledge.template import Template


def template_names() -> tuple[str, ...]:
    """Return the names of the packaged templates.

    Examples
    --------
    >>> template_names()
    ('leukocyte_differential', 'mouse_tbnk', 't_cd4_cd8', 't_memory_scaled', 'tbnk')
    """
    folder = resources.files("cytorecon.knowledge") / "templates"
    return tuple(sorted(Path(entry.name).stem for entry in folder.iterdir() if entry.name.endswith(".yaml")))


def load_template(name: str | Path, *, folder: Path | None = None) -> Template:
    """Return the template called `name`, or the one in the file `name`.

    Parameters
    ----------
    name : str or Path
        A packaged name such as ``"tbnk"``, or the path of a ``.yaml`` file.
    folder : Path, optional
        The user's knowledge folder, which may replace packaged templates.

    Raises
    ------
    KnowledgeError
        If there is no such template, or it contradicts itself.

    Examples
    --------
    >>> load_template("tbnk").required
    ('CD45', 'CD3', 'CD4', 'CD8', 'CD19', 'CD16+CD56')
    """
    text = str(name)
    if text.endswith((".yaml", ".yml")):
        path = Path(text)
        if not path.is_file():
            raise KnowledgeError("There is no such template file.", subject=path.name, allowed="a .yaml file")
        folder, file = path.parent, path.name
    else:
        file = f"templates/{text}.yaml"
        if text not in template_names() and not (folder and (folder / file).is_file()):
            raise KnowledgeError(
                "There is no such template.",
                field="template",
                found=text,
                allowed=f"{', '.join(template_names())}, or the path of a .yaml file",
            )
    template = validated(Template, read_yaml(file, folder=folder), subject=Path(file).name)
    return template.model_copy(update={"sha256": sha256_of(file, folder=folder)})
