"""Routes of grids. Mounted at the site's root: write whole paths here."""

from django.urls import path

from grids.views import (
    absences,
    buildings,
    households,
    imports,
    lists,
    people,
    people_export,
    people_steps,
    policies,
    qr,
    twins,
)

app_name = "grids"
urlpatterns = [
    path("b/<str:token>/", qr.building_qr, name="building_qr"),
    path("desk/residents/", people.index, name="residents"),
    path("desk/residents/search/", people.search, name="residents_search"),
    path("desk/residents/new/", people.new, name="resident_new"),
    path("desk/residents/export/", people_export.export, name="residents_export"),
    path("desk/residents/twins/", twins.index, name="twins"),
    path("desk/residents/twins/decide/", twins.decide, name="twins_decide"),
    path("desk/residents/<int:pk>/", people.show, name="resident"),
    path("desk/residents/<int:pk>/reveal/", people.reveal, name="resident_reveal"),
    path("desk/residents/<int:pk>/<slug:name>/", people_steps.step, name="resident_step"),
    path("desk/households/<int:pk>/", households.show, name="household"),
    path("desk/households/<int:pk>/<slug:name>/", households.step, name="household_step"),
    path("desk/dwellings/<int:pk>/", households.dwelling, name="dwelling"),
    path("desk/dwellings/<int:pk>/use/", households.dwelling_use, name="dwelling_use"),
    path("desk/buildings/<int:pk>/", buildings.show, name="building"),
    path("desk/buildings/<int:pk>/dwellings/new/", buildings.add_dwelling, name="dwelling_new"),
    path("desk/imports/", imports.index, name="imports"),
    path("desk/imports/template/", imports.template, name="import_template"),
    path("desk/imports/<int:pk>/", imports.show, name="import"),
    path("desk/imports/<int:pk>/columns/", imports.columns, name="import_columns"),
    path("desk/imports/<int:pk>/confirm/", imports.confirm, name="import_confirm"),
    path("desk/imports/<int:pk>/cancel/", imports.cancel, name="import_cancel"),
    path("desk/imports/<int:pk>/report/", imports.report, name="import_report"),
    path("desk/territory/", lists.overview, name="overview"),
    path("desk/territory/policy/", policies.policy, name="policy"),
    path("desk/territory/absences/", absences.note, name="absences"),
    path("desk/territory/absences/<int:pk>/back/", absences.back, name="absence_back"),
    path("desk/territory/<slug:slug>/", lists.show, name="list"),
    path("desk/territory/<slug:slug>/xlsx/", lists.sheet, name="sheet"),
]
