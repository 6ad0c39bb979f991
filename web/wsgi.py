"""Entry for any WSGI server: `gunicorn --workers 1 --worker-class hotline.web_worker.ConsoleWorker --threads 64 web.wsgi:app`."""

from hotline.bootstrap import build, configure_logging
from hotline.config import Config
from web import create_app

config = Config()
configure_logging(config)
app = create_app(build(config))
