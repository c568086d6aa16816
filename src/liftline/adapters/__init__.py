"""Vendor code behind the ports; imported by the composition root alone."""
