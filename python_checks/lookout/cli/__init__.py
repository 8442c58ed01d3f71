"""The console command: arguments, words and exit codes. The work is done in the other rooms."""
