"""The rules of the world, written once for every store: a value, the arguments of a call, a row, a company's own.

Broken rules are values (``ToolError``), never exceptions, and their texts are part of the contract.
"""
