"""The console command: arguments, output and exit codes. The work is done in the other packages."""
