"""``python -m registry …``: the command line, in the project's own environment, which it makes if need be."""

import sys

if __name__ == "__main__":
    try:
        import pyoxigraph  # noqa: F401 - the heaviest of what is needed: there or not
        import typer  # noqa: F401
    except ImportError:
        from registry.bootstrap import main

        raise SystemExit(main(sys.argv[1:])) from None
    from registry.cli import main as command_line

    command_line()
