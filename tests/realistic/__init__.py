"""A house with a week behind it: what pages look like when people work with them.

The same rows at every call, but for their moments, which are counted back from now.
"""
