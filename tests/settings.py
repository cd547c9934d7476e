"""The product's settings in a data directory of the test run's own."""

import os
import tempfile

os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="gatehouse-tests-"))
os.environ.setdefault("EGRESS_ALLOW", "127.0.0.0/8,::1,localhost")
os.environ.setdefault("ALLOWED_HOSTS", "testserver,localhost,127.0.0.1")
os.environ.setdefault("PII_KEYS", "t1:" + "dGVzdC1rZXktdGVzdC1rZXktdGVzdC1rZXktMzJieXQ=")
os.environ.setdefault("PII_INDEX_KEY", "index-key-of-the-tests-and-of-nothing-else")
os.environ.setdefault("SECRET_KEY", "secret-key-of-the-tests-and-of-nothing-else-at-all")
os.environ["BROKER_URL"] = ""

from gateway_project.settings import *  # noqa: E402, F403
from gateway_project.settings import DATA_DIR, DATABASES, EMBEDDED  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if EMBEDDED:
    # A file, so that threads and live servers of one test share it.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "tests.sqlite3")}
