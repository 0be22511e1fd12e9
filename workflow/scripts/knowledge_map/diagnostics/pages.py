"""Pages of numbers: one file each, without network and without script, in which every text is escaped."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from knowledge_map.common.checksum import csp_hash
from knowledge_map.common.files import atomic_write

TEMPLATES = Path(__file__).parent


def write_page(path: Path, template: str, **content: object) -> None:
    """Write the page that a template of this folder makes of the `content`, by its names there."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters["percent"] = percent
    environment.filters["csp_hash"] = csp_hash
    page = environment.get_template(template).render(content)
    with atomic_write(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def percent(share: float | None, digits: int = 0) -> str:
    """Return a share, 0 to 1, in percent; a dash where there is none."""
    return "–" if share is None else f"{100 * share:.{digits}f} %"
