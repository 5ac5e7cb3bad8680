"""What the pages show, computed from the study: no Dash component is made here."""
