"""Text, charts and progress, shared by reports and messages."""
