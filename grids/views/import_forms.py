"""The forms of 导入: the sheet that comes up, which of its columns is which, and what is confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import MemoryFileUploadHandler, SkipFile

from grids.importing.columns import LABELS, NOT_THERE, PEOPLE, known_titles
from grids.importing.jobs import MAX_BYTES, SheetHeadings
from ground.sheets.headings import plain_title
from organizations.models import Organization

SUFFIXES = (".xlsx", ".csv")
TOO_LARGE = f"文件超过 {MAX_BYTES // 1024**2} MB，请按网格拆成几张表，分几次导入。"


class SheetUploadHandler(MemoryFileUploadHandler):
    """Keeps the sheet in memory: what it says of people never lies open on a disk. A larger one is let go by, and
    what comes beside it: a request is read before anybody has asked who sends it, and may bring a hundred files."""

    def handle_raw_input(self, *args: Any, **kwargs: Any) -> None:
        self.activated = True
        self.is_too_large = False
        self.taken = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.taken += len(raw_data)
        if self.taken > MAX_BYTES:
            self.is_too_large = True
            raise SkipFile
        super().receive_data_chunk(raw_data, start)


class UploadForm(forms.Form):
    """One sheet for one community; which one is asked only where the user has several."""

    community = forms.ModelChoiceField(
        label="导入到哪个社区",
        queryset=Organization.objects.none(),
        empty_label="请选择",
        error_messages={"required": "请选社区。", "invalid_choice": "请选你任职的社区。"},
    )
    file = forms.FileField(
        label="居民表",
        widget=forms.FileInput(attrs={"accept": ",".join(SUFFIXES)}),
        error_messages={"required": "请先选一张表。", "empty": "文件是空的，请重新选择。"},
    )
    again = forms.IntegerField(required=False, min_value=1, max_value=2**53, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        communities: list[Organization],
        is_too_large: bool = False,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, files, label_suffix="", initial=initial)
        self.is_too_large = is_too_large
        self.only = communities[0] if len(communities) == 1 else None
        if self.only:
            del self.fields["community"]
        else:
            choices = Organization.objects.filter(pk__in=[each.pk for each in communities])
            self.fields["community"].queryset = choices  # type: ignore[attr-defined]
        if is_too_large:
            self.fields["file"].error_messages["required"] = TOO_LARGE

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        suffix = PurePath(file.name or "").suffix.lower()
        if suffix == ".xls":
            raise forms.ValidationError("这是旧的 .xls 格式，请用 Excel 或 WPS 打开后另存为 .xlsx。")
        if suffix not in SUFFIXES:
            raise forms.ValidationError("只收 .xlsx 和 .csv，请用 Excel 或 WPS 打开后另存为 .xlsx。")
        return file

    def community_chosen(self) -> Organization:
        """Only after `is_valid()`."""
        return self.only or self.cleaned_data["community"]


class ConfirmForm(forms.Form):
    """What is agreed to beside the plain writing; unticked is no."""

    good_rows_only = forms.BooleanField(required=False)
    retire_vanished = forms.BooleanField(required=False)


#: Kind of sheet → field → in which measure it is needed. A sheet that was not understood is to become one of people.
_BUILDING = "编码、名称至少一列"
NEEDED = {
    "people": {
        "building_code": _BUILDING,
        "building_name": _BUILDING,
        "door": "要有",
        "name": "登记居民要有",
    },
    "buildings": {"building_code": "要有", "building_name": "要有"},
}
LONGEST_TITLE = 60


@dataclass(frozen=True, slots=True)
class SheetColumns:
    """One sheet on the page of columns: its selects with what is needed of them, and the titles left over."""

    headings: SheetHeadings
    rows: list[tuple[Any, str]]
    unused: list[str]
    missing: list[str]


def fields_of(sheet: SheetHeadings) -> dict[str, str]:
    """Field → title as the check understood it; of a sheet that lacks a needed column, what its titles say."""
    if sheet.kind:
        return sheet.fields
    known = {plain_title(alias): name for alias, name in known_titles(PEOPLE).items()}
    found: dict[str, str] = {}
    for title in sheet.titles:
        if name := known.get(plain_title(title)):
            found.setdefault(name, title)
    return found


def missing_in(sheet: SheetHeadings, fields: dict[str, str]) -> list[str]:
    """Labels of what the sheet needs to be read."""
    if sheet.kind:
        return sheet.missing
    has_building = {"building_code", "building_name"} & set(fields)
    return [
        *([] if has_building else ["楼栋编码或楼栋名称"]),
        *([] if "door" in fields else [LABELS["door"]]),
    ]


class ColumnsForm(forms.Form):
    """列对应: for every column that the registry knows, which title of the sheet holds it.

    Titles are told by their place among the titles of their sheet: they may have line breaks.
    """

    def __init__(self, data: Any = None, *, headings: list[SheetHeadings]) -> None:
        super().__init__(data, label_suffix="")
        self.headings = headings
        for number, sheet in enumerate(headings):
            choices = [(NOT_THERE, "没有这一列"), *self._titles(sheet)]
            place_of, understood = {title: place for place, title in choices}, fields_of(sheet)
            for name, label in sheet.choices if len(choices) > 1 else ():
                self.fields[f"{number}-{name}"] = forms.ChoiceField(
                    label=label,
                    choices=choices,
                    initial=place_of.get(understood.get(name, ""), NOT_THERE),
                    error_messages={"invalid_choice": "请从列表里选。", "required": "请从列表里选。"},
                )

    @staticmethod
    def _titles(sheet: SheetHeadings) -> list[tuple[str, str]]:
        titles = dict.fromkeys(title for title in sheet.titles if len(title) <= LONGEST_TITLE)
        return [(str(place), title) for place, title in enumerate(titles)]

    def clean(self) -> dict[str, Any]:
        """One column of the sheet cannot be two of the registry."""
        data = super().clean() or self.cleaned_data
        taken: dict[tuple[str, str], str] = {}
        for key, place in list(data.items()):
            number, _, name = key.partition("-")
            if place == NOT_THERE:
                continue
            if (first := taken.setdefault((number, place), name)) != name:
                self.add_error(key, f"这一列已经认作“{LABELS[first]}”，请换一列或选“没有这一列”。")
        return data

    def mapping(self) -> dict[str, dict[str, str]]:
        """Sheet → field → title, as `jobs.remap` takes it. Only after `is_valid()`."""
        found: dict[str, dict[str, str]] = {}
        for number, sheet in enumerate(self.headings):
            titles = dict(self._titles(sheet))
            chosen = {name: self.cleaned_data.get(f"{number}-{name}", NOT_THERE) for name, _ in sheet.choices}
            if titles:
                found[sheet.sheet] = {name: titles.get(place, NOT_THERE) for name, place in chosen.items()}
        return found

    def sheets(self) -> Iterator[SheetColumns]:
        for number, sheet in enumerate(self.headings):
            needed = NEEDED[sheet.kind or "people"]
            names = [name for name, _ in sheet.choices if f"{number}-{name}" in self.fields]
            rows = [(self[f"{number}-{name}"], needed.get(name, "")) for name in names]
            fields = fields_of(sheet)
            unused = [title for title in dict.fromkeys(sheet.titles) if title not in fields.values()]
            yield SheetColumns(sheet, rows, unused, missing_in(sheet, fields))
