"""Rules for thresholds that are in use today, inside the parents that we found.

Parents, channels and words of populations are those of the template; only the rule that places a
threshold differs, so nothing else can explain a difference.
"""
