"""Fault experiments on posting and handing over, from outside: what is acknowledged is there, whatever breaks.

    load.py      what is posted, and by how many
    worker.py    one worker: post, write the number down, go on         python -m tests.soak.worker LOAD
    killer.py    forks workers, kills them, starts them anew            python -m tests.soak.killer LOAD
    ledger.py    what each worker was told, on files of its own
    checker.py   reads the tables and says what is wrong with them; knows nothing of the engine's own `verify`
    broken.py    stores that number wrongly: what the checker must find
    faults.py    statements and commits that fail
    remote.py    the other side of a hand-over             python -m tests.soak.remote LOG SECONDS
    hand_overs.py  workers that hand over are killed       python -m tests.soak.hand_overs LOAD
    mutations.py posted rows, changed by one byte

The tests are the short form. `make soak` runs the long one (__main__.py).
"""
