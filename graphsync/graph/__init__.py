"""Microsoft Graph at the edge: msal for tokens, msgraph-sdk for requests, bytes and msgspec for answers.

`client.GraphClient` is what the rest of graphsync sees. SDK types and wire forms stay inside this package.
"""
