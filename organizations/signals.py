"""News of the tree and of members for the floors above, sent inside the transaction (the tree with its root locked)."""

from django.dispatch import Signal

#: node= (fresh), old_parent_id=: a node went to another parent. Receivers rewrite their scope columns.
organization_moved = Signal()

#: node=: about to be closed. A receiver that still needs it raises RuleViolation.
organization_closing = Signal()

#: member=: staff linked an account to this member.
member_linked = Signal()
