"""How close gates and counts come to a known truth: simulated, labelled by experts, or diluted."""

from cytorecon.evaluate.concentrations import compare_with_truth, summarise_accuracy
from cytorecon.evaluate.run import Evaluation, Simulated, Tables, evaluate_simulated, tables_of

__all__ = [
    "Evaluation",
    "Simulated",
    "Tables",
    "compare_with_truth",
    "evaluate_simulated",
    "summarise_accuracy",
    "tables_of",
]
