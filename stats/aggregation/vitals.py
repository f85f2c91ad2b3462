"""Stats that the server makes of what each commit says of its process: they are plotted like any other.

Their names begin with `dattss.`, as those of the clients' own stats do. They do not count for the limit of live stats.
"""

ERRORS = "dattss.errors"  # counters
WARNINGS = "dattss.warnings"
MEMORY = "dattss.memory.bytes"  # gauges
CPU = "dattss.cpu.percent"
VITALS = frozenset((ERRORS, WARNINGS, MEMORY, CPU))
