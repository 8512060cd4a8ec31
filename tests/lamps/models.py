"""A made-up machine of three states, to show the step engine by itself: a lamp with a keeper and a room."""

from django.conf import settings
from django.db import models
from django.dispatch import Signal

from ground.history import Event
from ground.steps import NEW, Machine, Step, clock_only

lamp_moved = Signal()


class Room(models.Model):
    name = models.CharField(max_length=20)
    switched = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class Lamp(models.Model):
    class State(models.TextChoices):
        OFF = "off", "熄"
        ON = "on", "亮"
        BROKEN = "broken", "坏"

    room = models.ForeignKey(Room, on_delete=models.CASCADE)
    keeper = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    state = models.CharField(max_length=8, choices=State, default=State.OFF)
    times_lit = models.PositiveIntegerField(default=0)
    is_unplugged = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.room} {self.state}"


class LampEvent(Event):
    subject = models.ForeignKey(Lamp, on_delete=models.CASCADE, related_name="events")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True)


def is_keeper(user, lamp) -> bool:
    return user is not None and lamp.keeper_id == user.pk


def anybody(user, lamp) -> bool:
    return user is not None


S = Lamp.State
LAMPS = Machine(
    model=Lamp,
    event=LampEvent,
    signal=lamp_moved,
    owner=lambda lamp: lamp.keeper_id,
    locks=("room",),
    steps=[
        Step("hang", "挂灯", frozenset({NEW}), S.OFF, anybody),
        Step(
            "light",
            "点灯",
            frozenset({S.OFF}),
            S.ON,
            is_keeper,
            guard=lambda lamp: "灯没插电，请先插上。" if lamp.is_unplugged else "",
        ),
        Step("dust", "擦灯", frozenset({S.OFF, S.ON}), None, anybody),
        Step("inspect", "验灯", frozenset({S.ON}), None, anybody, impartial=True),
        Step("burn_out", "烧坏", frozenset({S.ON}), S.BROKEN, clock_only),
    ],
)


def light(lamp: Lamp, *, by) -> Lamp:
    with LAMPS.take("light", lamp, by=by, colour="warm") as move:
        move.thing.times_lit += 1
        move.thing.room.switched += 1
        move.thing.room.save()
    return lamp
