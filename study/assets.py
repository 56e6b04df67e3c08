"""Where the data that `study` reads lies: the document, the catalogue and the bindings are files under
`assets/`, found from this package's own place, so that the working directory does not matter."""

from pathlib import Path

ASSETS = Path(__file__).resolve().parent.parent / "assets"
DOCUMENT = ASSETS / "document" / "interview-notes.md"
CATALOGUE = ASSETS / "catalogue.toml"
BINDINGS = ASSETS / "bindings"
