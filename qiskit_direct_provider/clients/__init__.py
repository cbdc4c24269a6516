"""REST clients, one per dialect, behind one interface."""
