"""``python -m lookout`` is the console command."""

from lookout.cli.main import main

if __name__ == "__main__":
    main()
