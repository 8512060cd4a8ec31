"""A place on a whistle: who may take one, the queue, wishes, and what suits whom."""
