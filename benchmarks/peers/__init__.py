"""The outside as processes that cost less than those who talk to them."""
