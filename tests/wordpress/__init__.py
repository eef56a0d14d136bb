"""A real WordPress on the loopback interface, filled with articles that we wrote and crawled."""
