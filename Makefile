# The two commands are `make demo` and `make test`; where make is missing: python -m registry demo.
PYTHON ?= python3
VENV = .venv/bin/python

.PHONY: demo test lint bench evaluate lock install clean

demo:
	@$(PYTHON) -c "import sys; sys.path.insert(0, '.'); from registry.bootstrap import main; raise SystemExit(main(['demo']))"

install:
	@$(PYTHON) -c "import sys; sys.path.insert(0, '.'); from registry.bootstrap import ensure; ensure(dev=True)"

test: install lint
	$(VENV) -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: install
	$(VENV) -m ruff check .
	$(VENV) -m ruff format --check .
	$(VENV) -m mypy

bench: install
	$(VENV) -m benchmarks.bench $(if $(SIZE),--large $(SIZE)) $(if $(MATCHING),--matching $(MATCHING))

evaluate: install
	$(VENV) -m benchmarks.evaluate

lock: install
	$(VENV) -m pip install --quiet uv
	$(VENV) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --extra build -o locks/core.txt
	$(VENV) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --extra build --extra dev -o locks/dev.txt
	$(VENV) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --constraints locks/dev.txt pyproject.toml --extra build --extra spark -o locks/spark.txt
	rm -rf *.egg-info  # left by the resolver; it would shadow the installed entry points

clean:
	rm -rf var .venv build *.egg-info
