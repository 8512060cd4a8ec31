"""News of requests for the floors above, sent inside the transaction of the step (HOUSE)."""

from django.dispatch import Signal

#: Sent with `move=` (ground.steps.Move): the step, the request, who took it, codes and the event.
request_moved = Signal()

#: The same for a dispatch; `move.thing.service_request` is locked.
dispatch_moved = Signal()
