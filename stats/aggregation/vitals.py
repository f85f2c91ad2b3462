"""Stats that the server makes of what each commit says of its process: they are plotted like any other.

Their names begin with `dattss.`, as those of the clients' own stats do. They do not count for the limit of live stats.
"""

from stats.aggregation.partial import Kind

ERRORS = "dattss.errors"
WARNINGS = "dattss.warnings"
MEMORY = "dattss.memory.bytes"
CPU = "dattss.cpu.percent"
VITALS: dict[str, Kind] = {ERRORS: "c", WARNINGS: "c", MEMORY: "g", CPU: "g"}
