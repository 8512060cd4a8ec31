"""Routes of accounts. Mounted at the site's root: write whole paths here."""

from django.urls import path

from accounts import me, views
from accounts.prefs import prefs

app_name = "accounts"
urlpatterns = [
    path("sign-in/", views.sign_in, name="sign_in"),
    path("sign-in/code/", views.code, name="code"),
    path("sign-in/again/", views.again, name="again"),
    path("sign-in/password/", views.password, name="password"),
    path("sign-in/second/", views.second, name="second"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("prefs/", prefs, name="prefs"),
    path("me/", me.me, name="me"),
    path("me/name/", me.name, name="name"),
    path("me/password/", me.set_password, name="set_password"),
    path("me/totp/", me.totp, name="totp"),
    path("me/devices/<int:pk>/revoke/", me.revoke_device, name="revoke_device"),
    path("me/sign-out-everywhere/", me.sign_out_everywhere, name="sign_out_everywhere"),
]
