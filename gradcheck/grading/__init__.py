"""A class of submissions: found, judged one by one, stored, scored, exported."""
