"""The door: judges events and answers only when they are durable."""
