"""What undici decides: its Client, Pool, RoundRobinPool, BalancedPool and Agent, without sockets.

A *client* is a place for one connection, with a queue of its own; pools are lists of clients with a
queue before them. So a request waits in a pool or in a client, several may run on one connection,
and a connection that is lost gives back those that were not at its head.

On HTTP/2 a request has a stream of its own, and a connection may be left to finish what it has.

Imports run one way: core, per_origin and balanced, the pools, client, h1 and h2, books, records.

Source: undici 8.12.4, lib/dispatcher.
"""
