"""The demo's own addresses; included in a demo only."""

from django.urls import path

from demo import views

app_name = "demo"

urlpatterns = [path("mail/", views.mail, name="mail")]
