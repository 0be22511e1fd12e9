"""Arrow's compute functions: they are made when pyarrow is imported, so no type checker knows them by name."""

from typing import Any

import pyarrow.compute

compute: Any = pyarrow.compute
