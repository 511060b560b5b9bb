# The registry as one small image; which process runs is the command (see docker-compose.yml).
FROM python:3.12-slim
# What query workers allocate with (docs/sparql.md, "For operators").
RUN apt-get update && apt-get install -y --no-install-recommends libjemalloc2 && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home --uid 10001 registry && mkdir /data && chown registry /data
WORKDIR /app
COPY locks/core.txt locks/core.txt
RUN pip install --no-cache-dir --require-hashes --requirement locks/core.txt
COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation --editable .
USER registry
ENV META_ACADEMY_DATA=/data META_ACADEMY_HOST=0.0.0.0
VOLUME /data
EXPOSE 8000
HEALTHCHECK CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health', timeout=5)"]
CMD ["meta-academy", "serve", "--no-publisher"]
