"""Finders: from events to the position of one gate. None knows a marker, a template or a batch."""
