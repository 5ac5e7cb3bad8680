"""Figures of trajectories, cohorts and gates: pure functions from results to plotly figures."""
