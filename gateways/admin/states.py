"""What a label or a brand is doing, as the lists show it."""

RUNNING, PAUSED, SUSPENDED, INACTIVE = "running", "paused", "callbacks suspended", "inactive"
STATES = {RUNNING: "success", PAUSED: "warning", SUSPENDED: "danger", INACTIVE: ""}
"""What a label or brand is doing, and the colour of the theme's labels for it."""
