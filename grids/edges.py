"""The bounding box of a grid, kept as columns so that the database finds the few grids around a point."""

from __future__ import annotations

from typing import Any

from django.db import models
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry


def geometry_of(boundary: Any) -> BaseGeometry | None:
    """The shapely geometry of a GeoJSON Polygon or MultiPolygon (WGS-84); None for anything else.

    Never raises: what people paste into a field is not always GeoJSON.
    """
    try:
        found = shape(boundary)
    except Exception:  # shapely raises many kinds of errors on malformed input
        return None
    is_area = found.geom_type in {"Polygon", "MultiPolygon"}
    return found if is_area and found.is_valid and not found.is_empty else None


class EdgeField(models.FloatField):
    """One side (0 west, 1 south, 2 east, 3 north; degrees) of the box around `boundary`, computed on saving."""

    def __init__(self, *args: Any, side: int = 0, **kwargs: Any) -> None:
        self.side = side
        kwargs |= {"null": True, "editable": False}
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "side": self.side}

    def pre_save(self, model_instance: Any, add: bool) -> float | None:
        area = geometry_of(model_instance.boundary) if model_instance.boundary else None
        value = area.bounds[self.side] if area is not None else None
        setattr(model_instance, self.attname, value)
        return value
