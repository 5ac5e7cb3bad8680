"""The steps from each schema of a study to the next, run by Alembic (docs/decisions/0039).

A step is written once and never changed: it says what the tables were then, and does not import
:mod:`cytorecon.store.schema`, which says what they are now.
"""
