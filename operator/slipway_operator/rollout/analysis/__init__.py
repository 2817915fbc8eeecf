"""The verdict on a canary under traffic: its requests compared with stable's over the same time.

``counting`` turns counters into what was counted since, ``signals`` says which shares a metric looks at, ``memory``
keeps the sequential tests in status, ``wording`` says what they show, and ``judge`` does one look.
"""
