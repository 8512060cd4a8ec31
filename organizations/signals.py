"""News of the tree for the floors above. Both are sent inside the transaction, with the root locked."""

from django.dispatch import Signal

#: node= (fresh), old_parent_id=: a node went to another parent. Receivers rewrite their scope columns.
organization_moved = Signal()

#: node=: about to be closed. A receiver that still needs it raises RuleViolation.
organization_closing = Signal()
