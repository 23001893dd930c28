# One image for every process of ours; docker-compose.yml names their commands.
FROM python:3.11-slim AS base
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1
WORKDIR /app

# Pinned parts by their hashes, wheels only: nothing is compiled, so no compiler is needed.
FROM base AS parts
COPY requirements.txt ./
RUN /usr/local/bin/python -m venv --without-pip /opt/venv \
 && /usr/local/bin/python -m pip --python /opt/venv/bin/python install --no-cache-dir --no-deps \
        --only-binary :all: --require-hashes --requirement requirements.txt

FROM base
RUN python -m pip uninstall --yes --quiet --root-user-action=ignore pip setuptools wheel \
 && groupadd --system --gid 10001 handled \
 && useradd --system --uid 10001 --gid handled --no-create-home --shell /usr/sbin/nologin handled \
 && install --directory --owner=handled --group=handled /var/lib/simulator /var/lib/handled/media
COPY --from=parts /opt/venv /opt/venv
COPY manage.py ./
COPY deploy deploy
COPY static static
COPY templates templates
COPY accounts accounts
COPY inbox inbox
COPY twitter_sync twitter_sync
COPY x_simulator x_simulator
COPY config config
# The program belongs to root and is read-only to the user that runs it.
RUN DJANGO_SETTINGS_MODULE=config.settings.build python manage.py collectstatic --no-input --verbosity=0
RUN python -m compileall -q .
ENV DJANGO_SETTINGS_MODULE=config.settings.production \
    PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
CMD ["python", "manage.py", "check", "--deploy"]
