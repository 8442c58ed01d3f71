"""How frames get into tables: as text, or as numbers in PostgreSQL's binary format beside the few texts they share."""
