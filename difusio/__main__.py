"""``python -m difusio`` is the command ``difusio``."""

from difusio.project.cli import main

if __name__ == "__main__":
    main()
