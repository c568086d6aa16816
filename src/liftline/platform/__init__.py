"""What the product stands on: state, jobs, secrets, access, audit, control snapshots."""
