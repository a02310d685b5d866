"""The two services that ours is measured against. They answer the same requests with the same bodies.

*limit* is what this language and this database can do: nothing but statements and bytes. *bare* is what a good tutorial writes with FastAPI and
an ORM. Neither signs anybody in: who asks stands in the header `X-Owner`, as the id of a user.

Nothing of `app` is imported here: a reference stays what it is when the service changes.
"""
