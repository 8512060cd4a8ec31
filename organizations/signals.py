"""News of the tree (its root is locked) and of members for the floors above, sent inside the transaction."""

from django.dispatch import Signal

#: node= (fresh), old_parent_id=: a node went to another parent. Receivers rewrite their scope columns.
organization_moved = Signal()

#: node=: about to be closed. A receiver that still needs it raises RuleViolation.
organization_closing = Signal()

#: member=: staff linked an account to this member.
member_linked = Signal()

#: entry=, words=: somebody looked behind the mask or exports; `words` say what is unusual about it, or "".
access_noted = Signal()
