"""Routes of the desk. Mounted at the site's root: write whole paths here."""

from django.urls import path

from desk.views import (
    bulk,
    crediting,
    dispatches,
    figures,
    home,
    policies,
    registrations,
    requests,
    saved,
    whistles,
    work,
)

app_name = "desk"
urlpatterns = [
    path("", home.home, name="home"),
    path("desk/", work.work, name="work"),
    path("desk/requests/", work.requests, name="requests"),
    path("desk/requests/new/", requests.file_for, name="file_for"),
    path("desk/requests/<str:number>/", requests.show, name="request"),
    path("desk/requests/<str:number>/reveal/", requests.reveal, name="reveal"),
    path("desk/requests/<str:number>/history/", requests.history, name="history"),
    path("desk/requests/<str:number>/helpers/", requests.helpers, name="helpers"),
    path("desk/requests/<str:number>/<slug:name>/", requests.step, name="step"),
    path("desk/saved/", saved.save, name="save"),
    path("desk/saved/<int:pk>/delete/", saved.delete, name="unsave"),
    path("desk/together/<slug:name>/", bulk.act, name="bulk"),
    path("desk/together/result/<uuid:key>/", bulk.result, name="bulk_result"),
    path("desk/whistles/", whistles.index, name="whistles"),
    path("desk/whistles/new/", whistles.new, name="whistle_new"),
    path("desk/whistles/<int:pk>/", whistles.show, name="whistle"),
    path("desk/whistles/<int:pk>/<slug:name>/", whistles.step, name="whistle_step"),
    path("desk/received/", dispatches.received, name="received"),
    path("desk/dispatches/", dispatches.sent, name="dispatches"),
    path("desk/dispatches/to/<str:number>/", dispatches.recipients, name="dispatch_recipients"),
    path("desk/dispatches/<int:pk>/", dispatches.show, name="dispatch"),
    path("desk/dispatches/<int:pk>/<slug:name>/", dispatches.step, name="dispatch_step"),
    path("desk/crediting/", crediting.crediting, name="crediting"),
    path("desk/crediting/clear/", crediting.credit_clear, name="credit_clear"),
    path("desk/crediting/<int:pk>/", crediting.credit, name="credit"),
    path("desk/registrations/", registrations.registrations, name="registrations"),
    path("desk/registrations/<int:pk>/", registrations.confirm, name="confirm"),
    path("desk/policies/", policies.policy, name="policies"),
    path("desk/figures/", figures.show, name="figures"),
    path("desk/figures/table.csv", figures.table, name="figures_table"),
]
