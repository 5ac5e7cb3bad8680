"""An evaluation for people: CSV tables, one Markdown document, one picture and one page."""

from cytorecon.evaluate.output.write import DOCUMENT, WrittenFiles, write_evaluation

__all__ = ["DOCUMENT", "WrittenFiles", "write_evaluation"]
