"""`python -m whatsapp_simulator` is the command."""

from whatsapp_simulator.cli import main

if __name__ == "__main__":
    main()
