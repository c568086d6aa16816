"""The tracking plan: what an event may say, and who may say it."""
