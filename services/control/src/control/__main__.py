"""Run control of one line: `python -m control`."""

from baqylau.platform.main import main

from control.bootstrap import NAME, create_app
from control.settings import Settings

if __name__ == "__main__":
    main(NAME, Settings, create_app)
