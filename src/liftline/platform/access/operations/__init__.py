"""The operator's doors to secrets and jobs: those rooms lie below access and have none."""
