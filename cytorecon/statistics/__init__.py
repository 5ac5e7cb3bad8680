"""Statistics of cohorts: functions of arrays, each with its formula, its paper and what it assumes.

They know no patients, tables or files. What is censored comes in as a limit and leaves as an interval;
nothing is put in its place.
"""
