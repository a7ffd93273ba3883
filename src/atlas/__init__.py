"""Atlas: run, measure and continually improve agents that change CRM records.

Importing this package loads nothing else; import the room that you need, such as ``atlas.crm`` or ``atlas.evaluation``.
"""

__version__ = "0.1.0"
