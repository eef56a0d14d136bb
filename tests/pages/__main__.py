"""`python -m tests.pages regenerate NAME...` rewrites golden files; read the difference first."""

import sys

from tests.pages import page_names, write_golden


def main(arguments: list[str]) -> int:
    """Run the command; 0 when every named page was rewritten, 2 on wrong use."""
    verb, *names = arguments or [""]
    unknown = sorted(set(names) - set(page_names()))
    if verb != "regenerate" or not names or unknown:
        reason = f"no saved page named {', '.join(unknown)}" if unknown else "usage: regenerate NAME..."
        sys.stderr.write(f"{reason}; saved pages: {', '.join(page_names())}\n")
        return 2
    for name in names:
        sys.stdout.write(f"wrote {write_golden(name)}: read the difference before you commit it\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
