"""The report by mail, daily or weekly, that people ask for: what was new, what grew, what went silent."""
