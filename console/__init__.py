"""The web application: wall, queue, incident pages, map."""
