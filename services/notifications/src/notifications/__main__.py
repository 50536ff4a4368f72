"""Run the service: `python -m notifications`."""

from baqylau.platform.main import main

from notifications.bootstrap import NAME, create_app
from notifications.settings import NotificationsSettings

if __name__ == "__main__":
    main(NAME, NotificationsSettings, create_app)
