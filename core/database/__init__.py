"""Django's PostgreSQL backend, whose connections tell the server whose rows the running code sees."""
