"""Directories of labels whose platform does not copy its users to us: it is asked for each.

What it answers is kept, encrypted, for a while (`copies`); `door` is how a request asks,
`refreshing` how a worker does before it sends. Suppressions are ours whatever the directory.
"""
