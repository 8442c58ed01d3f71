"""Messages: which alert goes to whom, when, and what each target has been sent."""
