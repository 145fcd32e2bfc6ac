"""The numbered views: each a table, what is drawn around it, and what its cursor is on."""
