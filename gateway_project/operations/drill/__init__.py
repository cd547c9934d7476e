"""The fault drill: real processes, faults on purpose, and the ledgers of all who took part.

Nothing of the gateway knows that it is being drilled. Faults come from outside: processes are
killed, wires between them are held and cut, peers misbehave.
"""
