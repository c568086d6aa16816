"""A simulated product whose users, mistakes and numbers are known beforehand."""
