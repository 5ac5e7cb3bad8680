"""How close gates and counts come to a known truth: simulated, labelled by experts, or diluted."""

from cytorecon.evaluate.concentrations import compare_with_truth, summarise_accuracy
from cytorecon.evaluate.evaluation import Evaluation, Tables, tables_of
from cytorecon.evaluate.plan import Plan, load_plan
from cytorecon.evaluate.sets import evaluate_plan
from cytorecon.evaluate.simulated import Simulated, evaluate_simulated

__all__ = [
    "Evaluation",
    "Plan",
    "Simulated",
    "Tables",
    "compare_with_truth",
    "evaluate_plan",
    "evaluate_simulated",
    "load_plan",
    "summarise_accuracy",
    "tables_of",
]
