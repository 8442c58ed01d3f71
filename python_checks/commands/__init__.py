"""The console commands by subject: arguments in, exit code out. The work is done elsewhere."""
