"""Run the gate: `python -m secrecy_gate`."""

from baqylau.platform.main import main

from secrecy_gate.bootstrap import NAME, create_app

if __name__ == "__main__":
    main(NAME, create_app)
