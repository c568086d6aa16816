"""The SQL of access: tables, and what is asked of them."""
