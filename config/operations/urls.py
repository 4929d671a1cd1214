"""The addresses of operations. The three for machines are answered by OperationsMiddleware, before everything else."""

from django.urls import path

from config.operations import views

app_name = "operations"

urlpatterns = [
    path("-/live", views.live, name="live"),
    path("-/ready", views.ready, name="ready"),
    path("-/doctor/", views.doctor, name="doctor"),
    path("metrics", views.metrics, name="metrics"),
]
