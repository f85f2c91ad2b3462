"""Before Django reads its settings: tests keep their data in a folder of their own, never in `./data`."""

import os
import tempfile

os.environ["DATTSS_DATA"] = tempfile.mkdtemp(prefix="dattss-tests-")
