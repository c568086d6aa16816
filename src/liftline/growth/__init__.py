"""The product area about the people who use the product."""
