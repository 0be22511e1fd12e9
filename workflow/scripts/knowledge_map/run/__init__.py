"""What concerns a run as a whole: its configuration, how far it is, how it stops, and whether its results are right."""
