"""One module per provider, named by its slug: the example account, and how its webhooks come.

`CONFIG` is a whole configuration with `CANARY` for every secret. A provider that signs has
`signed(request)`, which answers the request as the provider would have sent it, signed with the
account's secret; where there is a library of the provider's own, that one signs. `at(url)` answers
the configuration with the service at another address, where more than its URL has to be changed.
"""
