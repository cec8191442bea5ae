"""How Django writes dates where no template says it: as the pages do."""
