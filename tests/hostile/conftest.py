"""The served review page, for those who attack it."""

from tests.review.web.conftest import engine as engine
from tests.review.web.conftest import page as page
from tests.review.web.conftest import serve as serve
