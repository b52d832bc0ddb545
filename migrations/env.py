"""Called by Alembic. The connection, inside its transaction, comes from engine.storage.database."""

from alembic import context

from engine.storage.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
