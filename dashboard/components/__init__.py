"""Parts of pages: functions from what services return to Dash components."""
