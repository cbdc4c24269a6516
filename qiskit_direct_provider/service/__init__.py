"""The local service: the Direct Access API and an object store, with devices simulated from snapshots."""
