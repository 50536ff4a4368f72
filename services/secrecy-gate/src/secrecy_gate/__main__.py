"""Run the gate: `python -m secrecy_gate`."""

from baqylau.platform.main import main
from baqylau.platform.settings import Settings

from secrecy_gate.bootstrap import NAME, create_app

if __name__ == "__main__":
    main(NAME, Settings, create_app)
