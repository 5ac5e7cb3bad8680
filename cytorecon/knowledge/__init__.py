"""What a clinician can read and correct: names, limits, ranges, rules, templates."""
