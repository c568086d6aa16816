"""From sign-up to activation."""
