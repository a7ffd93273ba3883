"""How users say things: one YAML file per module of families, ``family: {blueprint: [{register: message(s)}]}``.

A message has slots in braces, which the drawn case fills; a list of messages is one per turn.
"""
