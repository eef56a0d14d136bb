"""Names that may not be stored again: what the crawler asks before it takes up an address.

Promises: without a name on the list no key is asked for. Never does: know a name.
"""

from sqlalchemy import Connection

from crawlers.privacy import handle_key
from store.persons import Hidden
from store.suppression import has_suppressed, hidden_names


def hidden_in(conn: Connection) -> Hidden:
    """What finds the names on the list of a database."""
    return hidden_names(conn, handle_key()) if has_suppressed(conn) else Hidden(b"", ())
