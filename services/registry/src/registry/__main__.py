"""Run a registry: `python -m registry`."""

from baqylau.platform.main import main
from baqylau.platform.settings import Settings

from registry.bootstrap import NAME, create_app

if __name__ == "__main__":
    main(NAME, Settings, create_app)
