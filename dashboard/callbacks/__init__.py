"""What happens on a click: thin functions that ask services and return components."""
