"""News of this floor for the floors above: sent inside the transaction of the step, with `move=`."""

from django.dispatch import Signal

registration_moved = Signal()
whistle_moved = Signal()
claim_moved = Signal()
